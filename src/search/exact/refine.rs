//! Exact evaluation of a peak: the best box near a coarse one, on unbinned data.

use super::edges::exact_edges;
use super::stack::{Stack, StackBox};
use super::template::{Darkening, Dip};
use crate::search::noise::red::RedNoise;
use crate::search::series::dips::Series;
use crate::search::statistic::BoxStatistic;

/// A periodic box; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PeriodicBox {
    pub period: f64,
    pub transit_time: f64,
    pub duration: f64,
}

/// A box with its exact statistic, and how much better a transit does there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BoxFit {
    pub shape: PeriodicBox,
    pub statistic: BoxStatistic,
    /// S/N of the best limb-darkened dip tried about the box; 0 where none was.
    pub transit_snr: f64,
}

impl BoxFit {
    pub fn of_box(shape: PeriodicBox, statistic: BoxStatistic) -> Self {
        Self { shape, statistic, transit_snr: 0.0 }
    }

    /// The higher S/N of box and transit: what signals are ranked and thresholded by.
    pub fn snr(&self) -> f64 {
        self.statistic.snr.max(self.transit_snr)
    }
}

/// Durations (days) between which boxes are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DurationLimits {
    pub shortest: f64,
    pub longest: f64,
}

/// Bins in the duration of the box that refinement starts from.
const BINS_PER_DURATION: f64 = 24.0;
/// Groups of epochs: the farthest trial period drifts by half a bin over one.
const GROUPS: usize = 32;
/// Steps of the period on each side in the first round.
const PERIOD_STEPS: i32 = 4;
/// Times that the step is halved from there.
const HALVINGS: usize = 4;
/// Bins by which the width may change with each of those.
const WIDTH_STEPS: usize = 2;
/// Times that a refinement is taken up again from its result.
const ROUNDS: usize = 3;

/// The best box around `start`: periods that drift by up to `drift` days either way from the middle to the ends of the
/// data, any transit time within reach, durations from half to twice that of `start` within `limits`; and from there
/// again, with half the drift, as long as that is better.
///
/// Period, time and duration are chosen by S/N over β in fine bins, then the edges are moved over single cadences to the
/// highest S/N. The statistic is that of all cadences; a limb-darkened dip is tried in the bins. `None` when there is no dip.
pub(crate) fn refine(
    series: &Series,
    start: PeriodicBox,
    drift: f64,
    limits: DurationLimits,
    noise: &RedNoise,
) -> Option<BoxFit> {
    let strength = |fit: &BoxFit| fit.snr() / noise.beta(fit.shape.duration);
    let (mut best, mut moved) = refine_once(series, start, drift, limits, noise)?;
    let mut drift = drift;
    for _ in 0..ROUNDS {
        // A result in the middle of what was tried is the best there is.
        if !moved {
            break;
        }
        drift *= 0.5;
        let Some((next, again)) = refine_once(series, best.shape, drift, limits, noise) else { break };
        moved = again && strength(&next) > strength(&best) * (1.0 + 1e-4);
        if strength(&next) > strength(&best) {
            best = next;
        }
    }
    Some(best)
}

/// The best box, and whether it is far from `start`.
fn refine_once(
    series: &Series,
    start: PeriodicBox,
    drift: f64,
    limits: DurationLimits,
    noise: &RedNoise,
) -> Option<(BoxFit, bool)> {
    let longest = (2.0 * start.duration).min(limits.longest).max(limits.shortest);
    let reach = (1.5 * start.duration + drift).min(0.5 * start.period);
    let mut stack = Stack::new(series, &start, start.duration / BINS_PER_DURATION, reach, GROUPS);
    let scale = |width: usize| noise.beta(width as f64 * stack.bin_width).powi(-2) as f32;
    let widths = trial_widths(stack.bin_width, start.duration, limits, longest);
    let widths: Vec<(usize, f32)> = widths.into_iter().map(|w| (w, scale(w))).collect();
    let coarse: Vec<(usize, f32)> = widths.iter().copied().step_by(3).collect();

    let mut step = drift / stack.farthest / f64::from(PERIOD_STEPS);
    let mut change = 0.0;
    let mut highest = 0.0;
    // From the middle outwards, so that of equals the nearest is taken.
    for i in (0..=PERIOD_STEPS).flat_map(|i| [i, -i]).skip(1) {
        let trial = f64::from(i) * step;
        stack.fold(trial);
        if let Some(found) = stack.best(&coarse)
            && found.power > highest
        {
            highest = found.power;
            change = trial;
        }
    }
    stack.fold(change);
    let mut best = stack.best(&widths)?;
    for _ in 0..HALVINGS {
        step *= 0.5;
        let near = |w: &&(usize, f32)| w.0.abs_diff(best.width) <= WIDTH_STEPS;
        let near: Vec<(usize, f32)> = widths.iter().filter(near).copied().collect();
        let centre = change;
        for trial in [centre - step, centre + step] {
            stack.fold(trial);
            if let Some(found) = stack.best(&near)
                && found.power > best.power
            {
                best = found;
                change = trial;
            }
        }
    }

    stack.fold(change);
    let transit_snr = transit_snr(&stack, &best, series.cadence);
    let (left, right) = stack.edges(&best);
    let found = PeriodicBox {
        period: start.period + change,
        transit_time: start.transit_time + 0.5 * (left + right) - stack.middle * change,
        duration: right - left,
    };
    let (shape, sums) = exact_edges(series, found, limits, longest)?;
    let statistic = sums.statistic(series.total_weight)?;
    let moved = change.abs() * stack.farthest > 0.5 * drift || !(0.7..1.4).contains(&(shape.duration / start.duration));
    (statistic.depth > 0.0).then_some((BoxFit { shape, statistic, transit_snr }, moved))
}

/// Durations of transits over that of the box that fits them best, or nearly.
const TRANSIT_DURATIONS: [f64; 3] = [1.02, 1.1, 1.2];
/// Ingress of those over their duration.
const TRANSIT_INGRESS: f64 = 0.05;

/// S/N of the best limb-darkened dip about a box of bins, its middle up to a bin away.
///
/// A box has 98.5 % of the S/N of a limb-darkened transit at most, and less of one that exposures smear. Few dips are tried,
/// so that noise gains less by them than transits do. Bins a twenty-fourth of a transit long cost 0.1 % of its S/N.
fn transit_snr(stack: &Stack, found: &StackBox, exposure: f64) -> f64 {
    let (left, right) = stack.edges(found);
    let mut highest: f64 = 0.0;
    for stretch in TRANSIT_DURATIONS {
        let duration = stretch * (right - left);
        let ingress = TRANSIT_INGRESS * duration;
        let dip = Dip { duration, ingress, darkening: Darkening::Star, exposure };
        let ramps = dip.ramps();
        for shift in [-1.0, 0.0, 1.0] {
            let middle = 0.5 * (left + right) + shift * stack.bin_width;
            highest = highest.max(stack.dip_snr(&ramps, middle));
        }
    }
    highest
}

/// Durations from half of `duration` to `longest` in bins, in steps of one bin or a twentieth.
fn trial_widths(bin_width: f64, duration: f64, limits: DurationLimits, longest: f64) -> Vec<usize> {
    let first = (0.99 * limits.shortest).max(0.5 * duration) / bin_width;
    let last = 1.01 * longest / bin_width;
    let mut widths = Vec::new();
    let mut width = first.ceil().max(1.0) as usize;
    while width as f64 <= last {
        widths.push(width);
        width += (width / 20).max(1);
    }
    if widths.is_empty() {
        widths.push((duration / bin_width).round().max(1.0) as usize);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::oracle;

    #[test]
    fn a_refined_box_has_the_statistic_of_the_brute_force() {
        // Unequal errors, a gap, and transits that straddle the first time stamp.
        let time: Vec<f64> = (0..3000).map(|i| f64::from(i) * 0.009).filter(|t| !(11.0..12.5).contains(t)).collect();
        let scatter = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5;
        let dip = |t: f64| if (t + 0.05).rem_euclid(3.3) < 0.15 { 3e-3 } else { 0.0 };
        let flux: Vec<f64> = time.iter().enumerate().map(|(i, &t)| 1.0 - dip(t) + 2e-3 * scatter(i)).collect();
        let flux_err: Vec<f64> = (0..time.len()).map(|i| 6e-4 * (1.0 + 0.5 * scatter(i + 500))).collect();
        let series = Series::from_columns(&time, &flux, &flux_err);
        let start = PeriodicBox { period: 3.301, transit_time: 0.05, duration: 0.1 };
        let limits = DurationLimits { shortest: 0.05, longest: 0.3 };
        let fit = refine(&series, start, 0.1, limits, &RedNoise { events: Vec::new() }).unwrap();
        let PeriodicBox { period, transit_time, duration } = fit.shape;
        let own =
            oracle::box_statistic(&time, &flux, &flux_err, period, duration, transit_time + series.origin).unwrap();
        for (fast, slow) in [
            (fit.statistic.snr, own.snr),
            (fit.statistic.depth, own.depth),
            (fit.statistic.depth_err, own.depth_err),
            (fit.statistic.delta_chi2, own.delta_chi2),
        ] {
            assert!((fast / slow - 1.0).abs() < 1e-9, "{fit:?} {own:?}");
        }
        assert!((period / 3.3 - 1.0).abs() < 1e-3 && (duration - 0.15).abs() < 0.02, "{fit:?}");
    }
}
