//! Exact evaluation of a peak: the best box near a coarse one, on unbinned data.

use super::series::Series;
use super::slots::RedNoise;
use super::statistic::{BoxStatistic, BoxSums};

/// A periodic box; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PeriodicBox {
    pub period: f64,
    pub transit_time: f64,
    pub duration: f64,
}

/// A box with its exact statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BoxFit {
    pub shape: PeriodicBox,
    pub statistic: BoxStatistic,
}

/// Durations (days) between which boxes are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DurationLimits {
    pub shortest: f64,
    pub longest: f64,
}

/// Phase bins in the duration of the box that refinement starts from.
const BINS_PER_DURATION: f64 = 24.0;
/// Steps of the period on each side in the first round, and in the finer rounds.
const PERIOD_STEPS: [i32; 3] = [6, 3, 3];
/// Times that a refinement is taken up again from its result.
const ROUNDS: usize = 4;

/// A cadence near a transit of the box under refinement.
#[derive(Clone, Copy, Debug)]
struct Near {
    /// Days from the transit predicted.
    offset: f64,
    /// Number of that transit, counted from the middle of the data.
    epoch: f64,
    weight: f64,
    weighted_dip: f64,
}

/// The best box around `start`: periods that drift by up to `drift` days either way from the middle to the ends of the
/// data, any transit time within reach, durations from half to twice that of `start` within `limits`; and from there
/// again, with half the drift, as long as that is better.
///
/// Period, time and duration are chosen by S/N over β in fine phase bins, then the edges are moved over single cadences
/// to the highest S/N. The statistic is evaluated on all cadences. `None` when there is no dip.
pub(crate) fn refine(
    series: &Series,
    start: PeriodicBox,
    drift: f64,
    limits: DurationLimits,
    noise: &RedNoise,
) -> Option<BoxFit> {
    let strength = |fit: &BoxFit| fit.statistic.snr / noise.beta(fit.shape.duration);
    let mut best = refine_once(series, start, drift, limits, noise)?;
    let mut drift = drift;
    for _ in 0..ROUNDS {
        drift *= 0.5;
        let Some(next) = refine_once(series, best.shape, drift, limits, noise) else { break };
        let gain = strength(&next) / strength(&best);
        if gain > 1.0 {
            best = next;
        }
        if gain < 1.0 + 1e-4 {
            break;
        }
    }
    Some(best)
}

fn refine_once(
    series: &Series,
    start: PeriodicBox,
    drift: f64,
    limits: DurationLimits,
    noise: &RedNoise,
) -> Option<BoxFit> {
    let longest = (2.0 * start.duration).min(limits.longest).max(limits.shortest);
    let reach = (1.5 * start.duration + 2.0 * drift).min(0.5 * start.period);
    let (mut near, middle_epoch) = collect_near(series, start, reach);
    let farthest = near.iter().map(|n| n.epoch.abs()).fold(0.5, f64::max);

    let mut bins = NearBins::new(start.duration / BINS_PER_DURATION, reach);
    let widths = trial_widths(&bins, start.duration, limits, longest, noise);
    let mut best = bins.best(&near, 0.0, &widths, series.total_weight)?;
    let mut change = 0.0;
    let mut step = drift / farthest / f64::from(PERIOD_STEPS[0]);
    for steps in PERIOD_STEPS {
        let centre = change;
        for i in (-steps..=steps).filter(|i| *i != 0) {
            let trial = centre + f64::from(i) * step;
            let Some(found) = bins.best(&near, trial, &widths, series.total_weight) else { continue };
            if found.snr > best.snr {
                best = found;
                change = trial;
            }
        }
        step *= 0.25;
    }

    for n in &mut near {
        n.offset -= n.epoch * change;
    }
    let (left, right) = exact_edges(&mut near, best, limits, longest, series)?;
    let period = start.period + change;
    let middle = start.transit_time + 0.5 * (left + right) - middle_epoch * change;
    let shape = PeriodicBox { period, transit_time: middle, duration: right - left };
    let statistic = series.box_statistic(shape.period, shape.transit_time, shape.duration)?;
    (statistic.depth > 0.0).then_some(BoxFit { shape, statistic })
}

/// Cadences within `reach` of a transit, with epochs counted from the mean epoch, which is returned too.
fn collect_near(series: &Series, shape: PeriodicBox, reach: f64) -> (Vec<Near>, f64) {
    let mut near = Vec::new();
    let per_period = 1.0 / shape.period;
    for ((t, dip), &weight) in series.time.iter().zip(&series.dip).zip(&series.weight) {
        let cycles = (t - shape.transit_time) * per_period;
        let epoch = cycles.round();
        let offset = t - shape.transit_time - epoch * shape.period;
        if offset.abs() <= reach {
            near.push(Near { offset, epoch, weight, weighted_dip: weight * dip });
        }
    }
    let middle = near.iter().map(|n| n.epoch).sum::<f64>() / near.len().max(1) as f64;
    for n in &mut near {
        n.epoch -= middle;
    }
    (near, middle)
}

/// A box in bins of [`NearBins`].
#[derive(Clone, Copy, Debug)]
struct NearBox {
    left: f64,
    right: f64,
    snr: f64,
}

/// Fine bins of the time from transit, and their prefix sums.
struct NearBins {
    bin_width: f64,
    reach: f64,
    weight: Vec<f64>,
    weighted_dip: Vec<f64>,
}

impl NearBins {
    fn new(bin_width: f64, reach: f64) -> Self {
        let n = (2.0 * reach / bin_width).ceil() as usize + 1;
        Self { bin_width, reach, weight: vec![0.0; n + 1], weighted_dip: vec![0.0; n + 1] }
    }

    /// Best of all boxes of `widths` (bins, with 1/β) when the period is changed by `change`.
    fn best(&mut self, near: &[Near], change: f64, widths: &[(usize, f64)], total_weight: f64) -> Option<NearBox> {
        let n = self.weight.len() - 1;
        self.weight.fill(0.0);
        self.weighted_dip.fill(0.0);
        let per_bin = 1.0 / self.bin_width;
        for cadence in near {
            let position = (cadence.offset - cadence.epoch * change + self.reach) * per_bin;
            if position >= 0.0 && position < n as f64 {
                self.weight[position as usize + 1] += cadence.weight;
                self.weighted_dip[position as usize + 1] += cadence.weighted_dip;
            }
        }
        for i in 1..=n {
            self.weight[i] += self.weight[i - 1];
            self.weighted_dip[i] += self.weighted_dip[i - 1];
        }
        let mut best: Option<NearBox> = None;
        for &(width, per_beta) in widths {
            for start in 0..(n + 1).saturating_sub(width) {
                let sums = BoxSums {
                    weight: self.weight[start + width] - self.weight[start],
                    weighted_dip: self.weighted_dip[start + width] - self.weighted_dip[start],
                };
                // A weight that is zero but for rounding is no box.
                if sums.weight <= 1e-12 * total_weight {
                    continue;
                }
                let snr = sums.snr(total_weight) * per_beta;
                if snr > best.map_or(0.0, |b| b.snr) {
                    let left = start as f64 * self.bin_width - self.reach;
                    best = Some(NearBox { left, right: left + width as f64 * self.bin_width, snr });
                }
            }
        }
        best
    }
}

/// Durations in steps of an eighth of an octave from half of `duration` to `longest`, in bins, each with its 1/β.
fn trial_widths(
    bins: &NearBins,
    duration: f64,
    limits: DurationLimits,
    longest: f64,
    noise: &RedNoise,
) -> Vec<(usize, f64)> {
    let mut widths: Vec<usize> = (-8..=8)
        .map(|i| duration * 2f64.powf(f64::from(i) / 8.0))
        .filter(|d| *d >= 0.99 * limits.shortest && *d <= 1.01 * longest)
        .map(|d| (d / bins.bin_width).round().max(1.0) as usize)
        .collect();
    if widths.is_empty() {
        widths.push((duration / bins.bin_width).round().max(1.0) as usize);
    }
    widths.dedup();
    widths.into_iter().map(|w| (w, 1.0 / noise.beta(w as f64 * bins.bin_width))).collect()
}

/// Moves the edges of `start` between single cadences to the highest S/N, one edge at a time until neither moves.
///
/// An edge lies midway between two cadences, but no more than half the time step from the one inside. Cadences closer
/// to one another than a millionth of the duration have the same phase for all purposes and are not parted.
fn exact_edges(
    near: &mut [Near],
    start: NearBox,
    limits: DurationLimits,
    longest: f64,
    series: &Series,
) -> Option<(f64, f64)> {
    near.sort_unstable_by(|a, b| a.offset.total_cmp(&b.offset));
    let width = start.right - start.left;
    let apart = 1e-6 * width;
    // Groups of cadences of one phase: where each starts and ends, and sums of all before it.
    let mut groups: Vec<(f64, f64)> = Vec::with_capacity(near.len());
    let mut before: Vec<BoxSums> = Vec::with_capacity(near.len() + 1);
    let mut sums = BoxSums::default();
    for n in near.iter() {
        match groups.last_mut() {
            Some(last) if n.offset - last.1 <= apart => last.1 = n.offset,
            _ => {
                before.push(sums);
                groups.push((n.offset, n.offset));
            }
        }
        sums.weight += n.weight;
        sums.weighted_dip += n.weighted_dip;
    }
    before.push(sums);
    let half_step = 0.5 * series.cadence.max(4.0 * apart);
    let left_edge = |i: usize| {
        let inside = groups[i].0;
        let outside = if i > 0 { groups[i - 1].1 } else { f64::NEG_INFINITY };
        inside - (0.5 * (inside - outside)).min(half_step)
    };
    let right_edge = |j: usize| {
        let inside = groups[j - 1].1;
        let outside = groups.get(j).map_or(f64::INFINITY, |g| g.0);
        inside + (0.5 * (outside - inside)).min(half_step)
    };
    let snr = |i: usize, j: usize| {
        let inside = BoxSums {
            weight: before[j].weight - before[i].weight,
            weighted_dip: before[j].weighted_dip - before[i].weighted_dip,
        };
        inside.snr(series.total_weight)
    };
    let mut i = groups.partition_point(|g| g.1 < start.left);
    let mut j = groups.partition_point(|g| g.0 < start.right);
    if i >= j {
        return None;
    }
    let shortest = limits.shortest.max(0.75 * width).min(width);
    let longest = longest.min(1.3 * width).max(width);
    let fits = |i: usize, j: usize| (shortest..=longest).contains(&(right_edge(j) - left_edge(i)));
    let mut best = snr(i, j);
    for _ in 0..8 {
        let previous = (i, j);
        let (left, right) = (left_edge(i), right_edge(j));
        // Beyond these no edge makes a box of a length allowed.
        let last = groups.partition_point(|g| g.0 <= left + longest + half_step);
        for trial in i + 1..=last {
            if fits(i, trial) && snr(i, trial) > best {
                best = snr(i, trial);
                j = trial;
            }
        }
        let right = if j == previous.1 { right } else { right_edge(j) };
        let first = groups.partition_point(|g| g.1 < right - longest - half_step);
        for trial in first..j {
            if fits(trial, j) && snr(trial, j) > best {
                best = snr(trial, j);
                i = trial;
            }
        }
        if (i, j) == previous {
            break;
        }
    }
    Some((left_edge(i), right_edge(j)))
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
