//! Single transits: dips that no candidate explains, found in what is left when the candidates' transits are masked.
//!
//! Boxes of three durations an octave slide along the light curve. Their S/N, over the scatter β of all boxes of that
//! duration and of those nearby, is compared with a threshold, and a dip above it is a single transit if it
//!
//! 1. has at least three cadences in at least half of the box: fewer are outliers as likely as a transit;
//! 2. has data on both sides, a quarter of its own weight each: edges of gaps have ramps, and ends of a trend;
//! 3. stands at half of its depth above the level of each side alone: a step or a ramp does not;
//! 4. keeps half of its depth without its deepest cadence, and has a third of it in each half;
//! 5. fits a transit on a straight line better than a step, a sudden drop with slow recovery (or the reverse) or a wave does,
//!    keeps half of its Δχ² against the straight line alone, and 0.7 of the threshold and a depth of three sigma where the
//!    scatter about that fit is the noise: pulsations and flicker that make many such dips are no noise about one of them;
//! 6. is stronger than every brightening that passes for a transit when turned upside down, by these same rules: what noise
//!    does downwards it does upwards too, and flares fail rule 5.
//!
//! A light curve with more such dips than `max_single_transits` makes them by itself, and none is reported.

use super::fit::{SingleFit, fit_single};
use crate::ephemeris::{Candidate, SingleTransit};
use crate::math::{MAD_TO_SIGMA, median_in_place};
use crate::search::config::SearchConfig;
use crate::search::grid::DurationRange;
use crate::search::series::cumulative::{Cumulative, mean_dip};
use crate::search::series::dips::Series;
use crate::search::series::left_out::SlotsLeft;
use crate::search::transits::aliases::shortest_period;
use crate::search::transits::events::is_clear;
use crate::star::{Measured, a_over_rstar};

/// Cadences that a dip must have.
const MIN_CADENCES: usize = 3;
/// Trial durations per factor of two; boxes are refined in between.
const PER_OCTAVE: usize = 3;
/// Boxes per duration along the light curve.
const BOXES_PER_DURATION: f64 = 6.0;
/// Share of the threshold that a box of the first pass must reach, before its edges are refined.
const COARSE: f64 = 0.8;
/// Share of its S/N that a box keeps on slots at the least, with something to spare.
const IN_SLOTS: f64 = 0.85;
/// Dips and brightenings that are looked at.
const MOST_EVENTS: usize = 16;
/// Durations around a dip, not counting one on each side, in which the local scatter is measured.
const LOCAL_REACH: f64 = 15.0;
/// Share of Δχ² that a dip must keep on a straight line.
const KEPT: f64 = 0.5;
/// Boxes that measure a scatter.
const LEAST_BOXES: usize = 20;

/// A dip of the first pass, or refined; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Dip {
    time: f64,
    duration: f64,
    snr: f64,
    beta: f64,
}

impl Dip {
    fn snr_red(&self) -> f64 {
        self.snr / self.beta
    }

    fn overlaps(&self, other: &Dip) -> bool {
        (self.time - other.time).abs() < 0.75 * (self.duration + other.duration)
    }
}

/// A dip that passed the rules.
struct Found {
    dip: Dip,
    fit: SingleFit,
    n_cadences: usize,
}

/// The single transits of a light curve, strongest first. `density` is that of the star (solar units), where it is known.
pub(crate) fn single_transits(
    whole: &Series,
    candidates: &[Candidate],
    config: &SearchConfig,
    density: Option<Measured>,
) -> Vec<SingleTransit> {
    if config.max_single_transits == 0 {
        return Vec::new();
    }
    let masked = near_candidates(whole, candidates);
    let n_cadences = masked.iter().filter(|m| !**m).count();
    if n_cadences < LEAST_BOXES {
        return Vec::new();
    }
    let durations = trial_durations(whole, n_cadences, config, density);
    let outstanding = outstanding(whole, &masked, &durations, COARSE * config.single_threshold);
    if outstanding.is_empty() {
        return Vec::new();
    }
    let residual = whole.without(&masked);
    let mut found = passing(&residual, &outstanding, config.single_threshold);
    if found.is_empty() {
        return Vec::new();
    }
    let mut inverted = residual.clone();
    inverted.dip.iter_mut().for_each(|d| *d = -*d);
    let brightenings = passing(&inverted, &durations, COARSE * config.single_threshold);
    let strongest = brightenings.iter().map(|f| f.dip.snr_red()).fold(0.0, f64::max);
    found.retain(|f| f.dip.snr_red() > strongest);
    if found.len() > config.max_single_transits {
        return Vec::new();
    }
    let windows = Cumulative::new(&residual);
    let report = |(i, f): (usize, &Found)| report(&windows, f, i as u32 + 1, config, density);
    found.iter().enumerate().map(report).collect()
}

/// The cadences within a duration on each side of every transit of the candidates: twice what a transit takes, for variations
/// of their times.
fn near_candidates(whole: &Series, candidates: &[Candidate]) -> Vec<bool> {
    let mut masked = vec![false; whole.len()];
    for c in candidates {
        let period = c.ephemeris.period;
        let half_width = (c.duration + whole.cadence).min(0.3 * period).max(0.75 * c.duration).min(0.5 * period);
        let start = c.ephemeris.transit_time - whole.origin - half_width;
        for window in whole.windows(period, start, 2.0 * half_width) {
            masked[window.cadences].fill(true);
        }
    }
    masked
}

/// From the shortest transit of a planet that is seen once, whose period is hardly below a quarter of the time with data, and
/// from three cadences on, to the longest that the search has and the detrending leaves alone.
fn trial_durations(series: &Series, n_cadences: usize, config: &SearchConfig, density: Option<Measured>) -> Vec<f64> {
    let range = DurationRange::new(config, density, series.cadence, config.period_min);
    let with_data = (n_cadences as f64 * series.cadence).min(series.baseline);
    let longest = range.longest(config.longest_period(series.baseline).max(config.period_min));
    let shortest = range.shortest(0.25 * with_data).max(MIN_CADENCES as f64 * series.cadence).min(longest);
    let n = ((longest / shortest).log2() * PER_OCTAVE as f64).ceil() as i32;
    (0..=n).map(|i| (shortest * 2f64.powf(f64::from(i) / PER_OCTAVE as f64)).min(longest.max(shortest))).collect()
}

/// The durations of which a box may have an S/N of `least` times the scatter of all of them.
///
/// Boxes are runs of slots a sixth of the shortest duration wide. A box that lies between them keeps more than `IN_SLOTS` of its
/// S/N; most light curves end here.
fn outstanding(whole: &Series, masked: &[bool], durations: &[f64], least: f64) -> Vec<f64> {
    let width = (durations[0] / BOXES_PER_DURATION).max(whole.cadence);
    let mut left = SlotsLeft::new(whole, width);
    let mut from = 0;
    while let Some(skipped) = masked[from..].iter().position(|m| *m) {
        let start = from + skipped;
        from = masked[start..].iter().position(|m| !*m).map_or(masked.len(), |length| start + length);
        left.leave_out(start..from);
    }
    let slots = left.slots();
    let (num, den) = (prefix_sums(&slots.num), prefix_sums(&slots.den));
    let least = IN_SLOTS * least;
    let stands_out = |duration: &f64| {
        let width = ((duration / width).round() as usize).clamp(1, slots.len());
        let n = slots.len() + 1 - width;
        let stride = (width / BOXES_PER_DURATION as usize).max(1);
        let sums = |i: usize| (num[i + width] - num[i], den[i + width] - den[i]);
        let above = |sums: (f64, f64), least: f64| (sums.0 > 0.0) & (sums.0 * sums.0 > least * least * sums.1);
        if !(0..n).step_by(stride).map(sums).fold(false, |any, s| any | above(s, least)) {
            return false;
        }
        let snr = |s: (f64, f64)| s.0 / s.1.sqrt();
        let filled = |s: &(f64, f64)| s.1 > 0.0;
        let apart = (width / 2).max(1);
        let beta = scatter((0..n).step_by(apart).map(sums).filter(filled).map(snr)).unwrap_or(1.0);
        (0..n).step_by(stride).map(sums).any(|s| above(s, least * beta))
    };
    durations.iter().copied().filter(stands_out).collect()
}

fn prefix_sums(column: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(column.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    sums.extend(column.iter().map(|v| {
        sum += v;
        sum
    }));
    sums
}

/// Dips above `threshold` that pass all rules but the last, strongest first.
fn passing(series: &Series, durations: &[f64], threshold: f64) -> Vec<Found> {
    let windows = Cumulative::new(series);
    let mut dips: Vec<Dip> = durations.iter().flat_map(|d| slide(&windows, *d, COARSE * threshold)).collect();
    dips.sort_by(|a, b| b.snr_red().total_cmp(&a.snr_red()).then(a.time.total_cmp(&b.time)));
    let mut seen: Vec<Dip> = Vec::new();
    let mut found = Vec::new();
    for dip in dips {
        if seen.len() == MOST_EVENTS {
            break;
        }
        if seen.iter().any(|s| s.overlaps(&dip)) {
            continue;
        }
        seen.push(dip);
        let dip = refined(&windows, dip);
        if dip.snr_red() >= threshold
            && let Some(f) = pass(&windows, dip, threshold)
        {
            found.push(f);
        }
    }
    found.sort_by(|a, b| b.dip.snr_red().total_cmp(&a.dip.snr_red()));
    found
}

/// Local maxima of the S/N of boxes of one duration, over the scatter of all of them and of those around each, above `least`.
fn slide(windows: &Cumulative, duration: f64, least: f64) -> Vec<Dip> {
    let series = windows.series;
    let stride = ((duration / BOXES_PER_DURATION / series.cadence) as usize).max(1);
    let mut boxes: Vec<(f64, f64)> = Vec::with_capacity(series.len() / stride + 1);
    let mut end = 0;
    for start in (0..series.len()).step_by(stride) {
        let from = series.time[start] - 0.5 * series.cadence;
        // Even sampling moves the end by as many cadences as the start.
        end = (end + stride).clamp(start, series.len());
        while end > start && series.time[end - 1] >= from + duration {
            end -= 1;
        }
        while end < series.len() && series.time[end] < from + duration {
            end += 1;
        }
        if end - start >= MIN_CADENCES {
            let sums = windows.sums(start..end);
            boxes.push((from + 0.5 * duration, sums.weighted_dip / sums.weight.sqrt()));
        }
    }
    // β is at least 1: most light curves end here.
    if boxes.iter().all(|b| b.1 < least) {
        return Vec::new();
    }
    let apart = (BOXES_PER_DURATION / 2.0) as usize;
    let beta = scatter(boxes.iter().step_by(apart).map(|b| b.1)).unwrap_or(1.0);
    let mut dips = Vec::new();
    for (i, &(time, snr)) in boxes.iter().enumerate() {
        let is_peak = (i == 0 || boxes[i - 1].1 <= snr) && boxes.get(i + 1).is_none_or(|next| next.1 < snr);
        if snr < least * beta || !is_peak {
            continue;
        }
        let near = |t: f64| (duration..LOCAL_REACH * duration).contains(&(t - time).abs());
        let first = boxes.partition_point(|b| b.0 < time - LOCAL_REACH * duration);
        let around = boxes[first..].iter().take_while(|b| b.0 < time + LOCAL_REACH * duration);
        let local = scatter(around.step_by(apart).filter(|b| near(b.0)).map(|b| b.1)).unwrap_or(1.0);
        let beta = beta.max(local);
        if snr >= least * beta {
            dips.push(Dip { time, duration, snr, beta });
        }
    }
    dips
}

/// Scatter of the S/N of boxes: max(1, 1.4826 MAD, −q₀.₀₂₂₇₅/2), the last on the side of brightenings; `None` for few.
fn scatter(snr: impl Iterator<Item = f64>) -> Option<f64> {
    let mut z: Vec<f64> = snr.collect();
    if z.len() < LEAST_BOXES {
        return None;
    }
    let centre = median_in_place(&mut z);
    z.iter_mut().for_each(|v| *v -= centre);
    let tail = (0.022_75 * z.len() as f64) as usize;
    let (_, &mut low, _) = z.select_nth_unstable_by(tail, f64::total_cmp);
    z.iter_mut().for_each(|v| *v = v.abs());
    Some((MAD_TO_SIGMA * median_in_place(&mut z)).max(-0.5 * low).max(1.0))
}

/// The box of highest S/N within half a duration, of 0.7 to 1.4 of its length, with edges between cadences.
fn refined(windows: &Cumulative, dip: Dip) -> Dip {
    let series = windows.series;
    let mut best = dip;
    for k in -4..=4 {
        let duration = dip.duration * 2f64.powf(f64::from(k) / 8.0);
        let first = dip.time - 0.5 * duration;
        for start in windows.between(first - 0.5 * dip.duration, first + 0.5 * dip.duration) {
            let from = series.time[start] - 0.5 * series.cadence;
            let inside = start..windows.between(series.time[start], from + duration).end;
            if inside.len() < MIN_CADENCES {
                continue;
            }
            let Some(statistic) = windows.sums(inside).statistic(series.total_weight) else { continue };
            if statistic.snr > best.snr {
                best = Dip { time: from + 0.5 * duration, duration, snr: statistic.snr, beta: dip.beta };
            }
        }
    }
    best
}

/// Rules 1 to 5.
fn pass(windows: &Cumulative, dip: Dip, threshold: f64) -> Option<Found> {
    let series = windows.series;
    let Dip { time, duration, beta, .. } = dip;
    let (from, to) = (time - 0.5 * duration, time + 0.5 * duration);
    let inside = windows.between(from, to);
    let sums = windows.sums(inside.clone());
    let enough = inside.len() >= MIN_CADENCES && inside.len() as f64 * series.cadence >= 0.5 * duration;
    if !enough || !is_clear(series, time, duration) {
        return None;
    }
    let (level, _) = mean_dip(&sums);
    let sides = [
        windows.sums(windows.between(from - duration, from - 0.25 * duration)),
        windows.sums(windows.between(to + 0.25 * duration, to + duration)),
    ];
    let weight_out = sides[0].weight + sides[1].weight;
    let depth = level - (sides[0].weighted_dip + sides[1].weighted_dip) / weight_out;
    let one_sided = |s: &_| level - mean_dip(s).0 < 0.5 * depth;
    if sides.iter().any(|s| s.weight < 0.25 * sums.weight) || depth <= 0.0 || sides.iter().any(one_sided) {
        return None;
    }
    let outside = level - depth;
    let halves = [windows.between(from, time), windows.between(time, to)];
    let shallow = |half: &std::ops::Range<usize>| {
        half.is_empty() || mean_dip(&windows.sums(half.clone())).0 - outside < depth / 3.0
    };
    if halves.iter().any(shallow) {
        return None;
    }
    let strength = |i: &usize| series.weight[*i] * (series.dip[*i] - outside);
    let deepest = inside.clone().max_by(|a, b| strength(a).total_cmp(&strength(b)))?;
    let rest = sums.weight - series.weight[deepest];
    let rest_dip = (sums.weighted_dip - series.weight[deepest] * series.dip[deepest]) / rest;
    if rest <= 0.0 || rest_dip - outside < 0.5 * depth {
        return None;
    }
    let fit = fit_single(series, time, duration, depth, beta)?;
    let n_cadences = windows.between(fit.time - 0.5 * fit.duration, fit.time + 0.5 * fit.duration).len();
    let shaped = fit.gain_over_others > 0.0 && fit.gain >= KEPT * dip.snr * dip.snr && n_cadences >= MIN_CADENCES;
    let significant = fit.gain >= KEPT * (threshold * fit.scale).powi(2) && fit.depth >= 3.0 * fit.depth_err;
    (shaped && significant).then_some(Found { dip, fit, n_cadences })
}

fn report(
    windows: &Cumulative,
    found: &Found,
    number: u32,
    config: &SearchConfig,
    density: Option<Measured>,
) -> SingleTransit {
    let Found { dip, fit, n_cadences } = found;
    let period_min = config.period_min.max(fit.duration / config.duty_cycle_max);
    let (period_central, period_central_err) = central_period(fit, density);
    SingleTransit {
        number,
        transit_time: windows.series.origin + fit.time,
        transit_time_err: fit.time_err,
        duration: fit.duration,
        duration_err: fit.duration_err,
        depth: fit.depth,
        depth_err: fit.depth_err,
        snr: dip.snr,
        snr_red: dip.snr_red(),
        n_cadences: *n_cadences,
        period_min: shortest_period(windows, fit.time, fit.duration, dip.beta, period_min),
        period_central,
        period_central_err,
    }
}

/// Period at which a central transit on a circular orbit takes this long, and its error; NaN where the density is not known.
///
/// ```text
/// T = P/π asin((1 + k) R*/a),  k = √depth;    for long periods P ∝ ρ T³, so σ(ln P)² = σ(ln ρ)² + 9 σ(ln T)²
/// ```
fn central_period(fit: &SingleFit, density: Option<Measured>) -> (f64, f64) {
    let Some(rho) = density.filter(|d| d.value.is_finite() && d.value > 0.0) else { return (f64::NAN, f64::NAN) };
    let contact = 1.0 + fit.depth.max(0.0).sqrt();
    let duration =
        |period: f64| period / std::f64::consts::PI * (contact / a_over_rstar(period, rho.value)).min(1.0).asin();
    // The duration grows with the period from where the planet touches the star.
    let (mut low, mut high) = (1e-3f64, 1e9f64);
    while high / low > 1.0 + 1e-9 {
        let middle = (low * high).sqrt();
        if duration(middle) < fit.duration { low = middle } else { high = middle }
    }
    (low, low * (rho.err / rho.value).hypot(3.0 * fit.duration_err / fit.duration))
}
