//! Noise of a star from its own light curve, and the light curve whitened by it, for searches of transits.
//!
//! ```text
//! u = K⁻¹ dip,     S/N of a dip T = Tᵀu / √(TᵀK⁻¹T)
//! ```
//! For stationary noise the numerator of a box is a plain sum of u over its cadences, and the denominator depends on the
//! duration alone. Folding u in place of weight · dip therefore searches under rotation and granulation as it does
//! under white noise. K is an autoregression of the light curve in bins of a fraction of the shortest transit.

use std::ops::Range;

use super::autoregression::Autoregression;
use super::bins::{Bins, Columns, Piece, pieces};
use super::burg::Stretch;
use super::conditional::Conditional;
use super::events::{StrongEvent, strong_events};

/// How to model the noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NoiseOptions {
    /// Shortest transit (days) that is searched; four bins of the noise model, or fewer where the cadence is slow.
    pub shortest: f64,
    /// Longest transit (days) that is searched.
    pub longest: f64,
    /// Most bins back that predict the next.
    pub max_order: usize,
    /// Gap (days) beyond which light curves are whitened apart, each about a level of its own.
    pub gap: f64,
    /// S/N of single dips and flares that are left out of the estimate.
    pub clip: f64,
    /// Bins that share an autoregression at the least; shorter pieces are taken together.
    pub bins_per_model: usize,
}

impl NoiseOptions {
    /// For transits from `shortest` to `longest` days.
    pub fn for_durations(shortest: f64, longest: f64) -> Self {
        Self { shortest, longest, max_order: 100, gap: 0.5, clip: 5.0, bins_per_model: 500 }
    }
}

/// The noise of one light curve.
#[derive(Clone, Debug)]
pub(crate) struct NoiseModel {
    pieces: Vec<Piece>,
    /// Which model each piece has.
    model_of: Vec<usize>,
    models: Vec<Autoregression>,
    /// Bins of each piece that are part of a flare.
    flares: Vec<Vec<bool>>,
    n_cadences: usize,
}

/// Rounds of leaving out strong events and estimating again.
const ROUNDS: usize = 5;

/// Most orders of the first round: too few to take deep transits for a part of the noise.
const FIRST_ORDER: usize = 8;

impl NoiseModel {
    /// From times (days, ascending), dips and weights (flux_err⁻²) of all cadences in `segments`; those with `masked` set
    /// (known transits) and single events above `clip` do not count. The dips should not be detrended.
    pub fn estimate(columns: Columns<'_>, masked: &[bool], segments: &[Range<usize>], options: &NoiseOptions) -> Self {
        let pieces = pieces(columns, masked, segments, options.shortest / 4.0, options.gap);
        let model_of = share_models(&pieces, options.bins_per_model);
        let n_models = model_of.last().map_or(0, |m| m + 1);
        let mut models = Vec::with_capacity(n_models);
        let mut flares: Vec<Vec<bool>> = pieces.iter().map(|p| vec![false; p.len()]).collect();
        for number in 0..n_models {
            let own: Vec<usize> = (0..pieces.len()).filter(|i| model_of[*i] == number).collect();
            let group: Vec<&Piece> = own.iter().map(|i| &pieces[*i]).collect();
            let (model, found) = estimate_group(&group, columns, masked, options);
            models.push(model);
            for (i, flare) in own.into_iter().zip(found) {
                flares[i] = flare;
            }
        }
        Self { pieces, model_of, models, flares, n_cadences: columns.time.len() }
    }

    /// The light curve whitened; cadences with `dropped` set, and flares, are taken as not measured.
    pub fn whiten(&self, columns: Columns<'_>, dropped: &[bool]) -> Whitened {
        let mut result =
            Whitened { numerator: vec![0.0; self.n_cadences], parts: Vec::with_capacity(self.pieces.len()) };
        for ((piece, &model), flare) in self.pieces.iter().zip(&self.model_of).zip(&self.flares) {
            let model = &self.models[model];
            let bins = piece.binned(columns, |i, bin| !dropped[i] && !flare[bin]);
            let conditional = Conditional::new(model, &bins.excess(), piece.len());
            let mut value = bins.value.clone();
            let mut whitened = conditional.inverse_times(&mut value);
            // The level of the piece is free: its direction is projected out.
            let constant = conditional.inverse_times_ones(piece.len());
            let slope = whitened.iter().sum::<f64>() / constant.iter().sum::<f64>();
            for (u, c) in whitened.iter_mut().zip(&constant) {
                *u -= slope * c;
            }
            // Within a bin the noise is white, of the stated errors, or more where the model has more.
            let white = (1.0 / (model.innovation_variance() * bins.reference)).min(1.0);
            let mut coverage = vec![0.0; piece.range.len()];
            for (i, share) in piece.range.clone().zip(&mut coverage) {
                let bin = piece.bin(columns.time[i]);
                if dropped[i] || flare[bin] {
                    continue;
                }
                let (weight, total) = (columns.weight[i], bins.weight[bin]);
                let within = columns.dip[i] - piece.level - bins.value[bin];
                result.numerator[i] = weight * (within * white + whitened[bin] / total);
                *share = weight / total.max(bins.reference);
            }
            let longest = (self.longest_bins(piece)).max(1);
            let information = model.box_information(longest);
            let covered = coverage.iter().sum();
            let (range, bin_width) = (piece.range.clone(), piece.bin_width);
            result.parts.push(Part { range, bin_width, coverage, covered, information });
        }
        result
    }

    /// Bins in the longest box whose information is tabulated; longer ones follow linearly.
    fn longest_bins(&self, piece: &Piece) -> usize {
        (1.5 / piece.bin_width).ceil().min(400.0) as usize
    }

    #[cfg(test)]
    fn orders(&self) -> Vec<usize> {
        self.models.iter().map(Autoregression::order).collect()
    }
}

/// A light curve times its inverse noise covariance.
#[derive(Clone, Debug)]
pub(crate) struct Whitened {
    /// u of each cadence; its sum over a box is the numerator of the box's depth, and zero over each piece.
    pub numerator: Vec<f64>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    range: Range<usize>,
    bin_width: f64,
    /// Fraction of a fully measured bin that each cadence is.
    coverage: Vec<f64>,
    /// The sum of these.
    covered: f64,
    /// TᵀK⁻¹T of boxes of 0, 1, … bins.
    information: Vec<f64>,
}

impl Part {
    /// TᵀK⁻¹T of a fully measured box of `duration` days.
    fn information(&self, duration: f64) -> f64 {
        let bins = duration / self.bin_width;
        let last = self.information.len() - 1;
        let below = (bins as usize).min(last - 1);
        let (a, b) = (self.information[below], self.information[below + 1]);
        a + (bins - below as f64) * (b - a)
    }
}

impl Whitened {
    /// Information of each cadence: the sum over a box of `duration` days is TᵀK⁻¹T, so that
    ///
    /// ```text
    /// depth = Σ u / Σ w,     S/N² = (Σ u)² / Σ w
    /// ```
    /// For white noise it is flux_err⁻² whatever the duration.
    pub fn weights(&self, duration: f64) -> Vec<f64> {
        let mut weights = vec![0.0; self.numerator.len()];
        for part in &self.parts {
            let per_bin = part.information(duration) * part.bin_width / duration;
            for (w, coverage) in weights[part.range.clone()].iter_mut().zip(&part.coverage) {
                *w = coverage * per_bin;
            }
        }
        weights
    }

    /// Information of boxes of `duration` days per weight of [`Whitened::weights`] at `reference` days, averaged over the
    /// light curve: S/N² = (Σ u)² / (ratio · Σ w).
    pub fn ratio(&self, duration: f64, reference: f64) -> f64 {
        let mean = |d: f64| -> f64 { self.parts.iter().map(|p| p.covered * p.bin_width * p.information(d) / d).sum() };
        mean(duration) / mean(reference)
    }
}

/// Consecutive pieces of one bin width share a model until they have `least` bins; what is left joins the last.
fn share_models(pieces: &[Piece], least: usize) -> Vec<usize> {
    let same = |a: &Piece, b: &Piece| (a.bin_width / b.bin_width - 1.0).abs() < 0.02;
    let mut model_of = Vec::with_capacity(pieces.len());
    let mut start = 0;
    while start < pieces.len() {
        let end = (start + 1..pieces.len()).find(|i| !same(&pieces[*i], &pieces[start])).unwrap_or(pieces.len());
        let first = model_of.last().map_or(0, |m| m + 1);
        let (mut number, mut bins) = (first, 0);
        let mut left: usize = pieces[start..end].iter().map(Piece::len).sum();
        for piece in &pieces[start..end] {
            if bins >= least && left >= least {
                number += 1;
                bins = 0;
            }
            bins += piece.len();
            left -= piece.len();
            model_of.push(number);
        }
        start = end;
    }
    model_of
}

/// The model of a group of pieces, and the bins of each that are flares.
fn estimate_group(
    group: &[&Piece],
    columns: Columns<'_>,
    masked: &[bool],
    options: &NoiseOptions,
) -> (Autoregression, Vec<Vec<bool>>) {
    let binned: Vec<_> = group.iter().map(|p| p.binned(columns, |i, _| !masked[i])).collect();
    let mut left_out: Vec<Vec<bool>> = binned.iter().map(|b| b.weight.iter().map(|w| *w <= 0.0).collect()).collect();
    let mut events: Vec<StrongEvent> = Vec::new();
    let mut values: Vec<Vec<f64>> = binned.iter().zip(&left_out).map(|(b, out)| interpolated(&b.value, out)).collect();
    let mut model = Autoregression::white(1.0);
    let Some(first) = group.first() else { return (model, Vec::new()) };
    let limits = (options.shortest / first.bin_width, options.longest / first.bin_width);
    for round in 0..ROUNDS {
        let measured: Vec<Vec<f64>> =
            left_out.iter().map(|o| o.iter().map(|o| if *o { 0.0 } else { 1.0 }).collect()).collect();
        let usable: f64 = measured.iter().flatten().sum();
        let stretches: Vec<Stretch<'_>> =
            values.iter().zip(&measured).map(|(value, measured)| Stretch { value, measured }).collect();
        // A coefficient takes ten values to be known at all.
        let most = if round == 0 { FIRST_ORDER } else { options.max_order };
        let max_order = most.min((0.1 * usable) as usize);
        let Some(found) = Autoregression::fit(&stretches, max_order) else { break };
        model = found;
        if round + 1 == ROUNDS {
            break;
        }
        let whitened = whiten_and_fill(&model, &binned, &left_out, &mut values);
        let found = strong_events(&whitened, &left_out, &model, limits, options.clip);
        if found.is_empty() && round > 0 {
            break;
        }
        for event in found {
            left_out[event.piece][event.bins.clone()].fill(true);
            events.push(event);
        }
        for (value, out) in values.iter_mut().zip(&left_out) {
            *value = interpolated(value, out);
        }
    }
    let mut flares: Vec<Vec<bool>> = group.iter().map(|p| vec![false; p.len()]).collect();
    // Flares are short; a long rise is more likely the star's, or the other side of a transit.
    let longest_flare = (2.0 * limits.0).round() as usize + 2;
    let short = |e: &&StrongEvent| e.bright && e.bins.len() <= longest_flare;
    for rise in events.iter().filter(short).filter(|e| !e.is_overshoot(&events, options.max_order)) {
        flares[rise.piece][rise.bins.clone()].fill(true);
    }
    (model, flares)
}

/// K⁻¹ of each piece times its values; bins left out become their conditional mean.
fn whiten_and_fill(
    model: &Autoregression,
    binned: &[Bins],
    left_out: &[Vec<bool>],
    values: &mut [Vec<f64>],
) -> Vec<Vec<f64>> {
    let pieces = values.iter_mut().zip(left_out).zip(binned);
    pieces
        .map(|((value, out), bins)| {
            let noisy = bins.excess().into_iter().filter(|e| !out[e.0]);
            let mut excess: Vec<(usize, f64)> = noisy.chain(missing(out)).collect();
            excess.sort_unstable_by_key(|e| e.0);
            let mut filled = value.clone();
            let whitened = Conditional::new(model, &excess, filled.len()).inverse_times(&mut filled);
            for ((v, f), _) in value.iter_mut().zip(&filled).zip(out).filter(|(_, out)| **out) {
                *v = *f;
            }
            whitened
        })
        .collect()
}

fn missing(left_out: &[bool]) -> impl Iterator<Item = (usize, f64)> + '_ {
    left_out.iter().enumerate().filter(|(_, out)| **out).map(|(bin, _)| (bin, 0.0))
}

/// A line across the bins left out, the nearest value at the ends.
fn interpolated(value: &[f64], left_out: &[bool]) -> Vec<f64> {
    let mut result = value.to_vec();
    let mut last: Option<usize> = None;
    for i in (0..value.len()).filter(|i| !left_out[*i]) {
        match last {
            Some(last) => {
                let slope = (value[i] - value[last]) / (i - last) as f64;
                for (step, between) in result[last + 1..i].iter_mut().enumerate() {
                    *between = value[last] + slope * (step + 1) as f64;
                }
            }
            None => result[..i].fill(value[i]),
        }
        last = Some(i);
    }
    if let Some(last) = last {
        result[last + 1..].fill(value[last]);
    }
    result
}

#[cfg(test)]
mod tests;
