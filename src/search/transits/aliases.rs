//! Which periods the gaps in the data allow, for a few transits and for one.
//!
//! A period is allowed where every other transit that it predicts falls where there are no data, or where the data do not
//! contradict the depth at 3 sigma.

use super::events::observed;
use super::harmonics::gcd;
use crate::ephemeris::Candidate;
use crate::search::series::cumulative::{Cumulative, mean_dip};
use crate::search::series::dips::Series;
use crate::search::statistic::BoxSums;

/// Central share of the duration in which depths are compared, without most of ingress and egress.
const CENTRAL_SHARE: f64 = 0.7;
/// Share of an observed transit's weight that a window must have to say anything.
const LEAST_WEIGHT: f64 = 1.0 / 3.0;
/// Sigmas by which the data must miss the depth to contradict it.
const CONTRADICTION: f64 = 3.0;
/// Sigmas at which the mean of the transits so far settles it without the rest.
const CERTAIN: f64 = 5.0;
/// Steps of the trial periods of a single transit in its duration.
const STEPS_PER_DURATION: f64 = 8.0;

/// The dip that another transit would have to show.
struct Expected {
    depth: f64,
    /// White noise.
    depth_err: f64,
    /// Weight of one observed transit.
    weight: f64,
    width: f64,
    beta: f64,
}

impl Expected {
    /// From the `transits` of this `duration`, sums over the central parts; `None` where they hold no data.
    fn new(transits: impl ExactSizeIterator<Item = BoxSums>, duration: f64, beta: f64) -> Option<Self> {
        let n = transits.len() as f64;
        let mut all = BoxSums::default();
        transits.for_each(|sums| all += sums);
        if all.weight <= 0.0 {
            return None;
        }
        let (depth, depth_err) = mean_dip(&all);
        Some(Self { depth, depth_err, weight: all.weight / n, width: CENTRAL_SHARE * duration, beta })
    }

    /// Whether there are data enough of a transit.
    fn is_observed(&self, sums: &BoxSums) -> bool {
        sums.weight >= LEAST_WEIGHT * self.weight
    }

    /// Sigmas by which the mean of some data falls short of the depth.
    fn missing(&self, sums: &BoxSums) -> f64 {
        let (depth, err) = mean_dip(sums);
        (self.depth - depth) / (self.beta * err.hypot(self.depth_err))
    }
}

/// The periods that a candidate's observed transits allow, longest first; its own is one of them.
///
/// With epochs that are multiples of g apart these are Δ/n, n = 1, 2, …, where Δ = g P, down to `period_min` and to the
/// period of which the transit would take `duty_cycle_max`. Each window that one of them predicts is compared with the mean
/// depth of the observed transits, alone and in the mean of all windows of that period. Transits with less than a third of
/// the median weight do not count as observed. Candidates of many transits usually have one entry.
pub(crate) fn allowed_periods(
    series: &Series,
    candidate: &Candidate,
    period_min: f64,
    duty_cycle_max: f64,
) -> Vec<f64> {
    let period = candidate.ephemeris.period;
    let transits = observed(&candidate.transits);
    let Some(first) = transits.first() else { return vec![period] };
    let step = transits.iter().fold(0, |g, e| gcd(g, e.epoch - first.epoch));
    let beta = candidate.snr / candidate.snr_red;
    let width = CENTRAL_SHARE * candidate.duration;
    let about = |time: f64| series.sums(series.between(time - 0.5 * width, time + 0.5 * width));
    let sums = transits.iter().map(|e| about(e.time - series.origin));
    let expected = Expected::new(sums, candidate.duration, beta);
    let first = first.time - series.origin;
    let (Some(expected), true) = (expected, step > 0) else { return vec![period] };
    let longest = step as f64 * period;
    let shortest = period_min.max(candidate.duration / duty_cycle_max);
    let most = ((longest / shortest) as i64).max(step);
    (1..=most)
        .filter(|n| *n == step || is_allowed(series, &expected, first, longest / *n as f64, *n))
        .map(|n| if n == step { period } else { longest / n as f64 })
        .collect()
}

/// Whether transits at `first` + k `period`, k not a multiple of `n`, are nowhere contradicted.
fn is_allowed(series: &Series, expected: &Expected, first: f64, period: f64, n: i64) -> bool {
    let (Some(start), Some(end)) = (series.time.first(), series.time.last()) else { return true };
    let mut all = BoxSums::default();
    for window in series.windows(period, first - 0.5 * expected.width, expected.width) {
        let middle = first + window.epoch as f64 * period;
        if window.epoch % n == 0 || !(*start..=*end).contains(&middle) {
            continue;
        }
        let sums = series.sums(window.cadences);
        if !expected.is_observed(&sums) {
            continue;
        }
        all += sums;
        if expected.missing(&sums) > CONTRADICTION || expected.missing(&all) > CERTAIN {
            return false;
        }
    }
    all.weight <= 0.0 || expected.missing(&all) <= CONTRADICTION
}

/// The shortest period (days) from `period_min` on that a single transit at `time` (days since the series' origin) allows,
/// to an eighth of its duration: no other transit of that period is contradicted. Where all up to the ends of the data are,
/// the first that leaves the data.
pub(crate) fn shortest_period(windows: &Cumulative, time: f64, duration: f64, beta: f64, period_min: f64) -> f64 {
    let width = CENTRAL_SHARE * duration;
    let expected = Expected::new([windows.about(time, width)].into_iter(), duration, beta);
    let Some(expected) = expected else { return period_min };
    let series = windows.series;
    let (Some(start), Some(end)) = (series.time.first(), series.time.last()) else { return period_min };
    let step = duration / STEPS_PER_DURATION;
    let n = ((end - time).max(time - start) / step).ceil() as usize;
    let contradicted = |at: f64| {
        let sums = windows.about(at, width);
        expected.is_observed(&sums) && expected.missing(&sums) > CONTRADICTION
    };
    let excluded: Vec<bool> = (0..=n)
        .map(|i| i > 0 && (contradicted(time + i as f64 * step) || contradicted(time - i as f64 * step)))
        .collect();
    let first = ((period_min / step).ceil() as usize).max(1);
    let allowed = (first..=n).find(|i| (*i..=n).step_by(*i).all(|k| !excluded[k]));
    allowed.unwrap_or((n + 1).max(first)) as f64 * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ephemeris::{Ephemeris, TransitEvent};

    /// Quiet data of 1e-4 with dips of 1e-3 and 0.2 d at `dips`, every 0.01 d within `spans`.
    fn series(spans: &[(f64, f64)], dips: &[f64]) -> Series {
        let time: Vec<f64> =
            spans.iter().flat_map(|(a, b)| (0..((b - a) / 0.01) as usize).map(move |i| a + 0.01 * i as f64)).collect();
        let flux: Vec<f64> = time
            .iter()
            .enumerate()
            .map(|(i, t)| {
                let noise = 1e-4 * (((i * 7919) % 101) as f64 / 50.0 - 1.0);
                1.0 + noise - if dips.iter().any(|d| (t - d).abs() <= 0.1) { 1e-3 } else { 0.0 }
            })
            .collect();
        let err = vec![1e-4; time.len()];
        Series::from_columns(&time, &flux, &err)
    }

    fn candidate(series: &Series, period: f64, dips: &[f64]) -> Candidate {
        let event = |d: &f64| TransitEvent {
            epoch: ((d - dips[0]) / period).round() as i64,
            time: *d,
            depth: 1e-3,
            depth_err: 1e-5,
            snr: 100.0,
            n_cadences: 20,
        };
        let ephemeris = Ephemeris { period, transit_time: dips[0] };
        let mut c = Candidate::known(ephemeris, 0.2, 1e-3);
        (c.snr, c.snr_red) = (100.0, 100.0);
        c.transits = dips.iter().map(event).collect();
        assert!(series.len() > 100);
        c
    }

    #[test]
    fn two_sectors_a_year_apart_have_many_aliases() {
        let dips = [10.0, 375.0];
        let s = series(&[(0.0, 27.0), (365.0, 392.0)], &dips);
        let found = allowed_periods(&s, &candidate(&s, 182.5, &dips), 0.5, 0.25);
        // Transits P apart from day 10 and 375 must leave both sectors: P above the 17 days that follow each.
        let expected: Vec<f64> = (1..=21).map(|n| 365.0 / f64::from(n)).filter(|p| *p > 16.95).collect();
        assert_eq!(found, expected);
        assert!(found.contains(&182.5));
    }

    #[test]
    fn without_gaps_there_is_one_period() {
        let dips = [10.0, 30.0];
        let s = series(&[(0.0, 45.0)], &dips);
        assert_eq!(allowed_periods(&s, &candidate(&s, 20.0, &dips), 0.5, 0.25), [20.0]);
    }

    #[test]
    fn a_gap_between_allows_half_the_period() {
        let dips = [10.0, 30.0];
        let s = series(&[(0.0, 18.0), (22.0, 39.0)], &dips);
        assert_eq!(allowed_periods(&s, &candidate(&s, 20.0, &dips), 0.5, 0.25), [20.0]);
        let s = series(&[(0.5, 18.0), (22.0, 39.0)], &dips);
        // 0.5 to 39: day 0 and day 40 are outside, day 20 in the gap
        assert_eq!(allowed_periods(&s, &candidate(&s, 20.0, &dips), 0.5, 0.25), [20.0, 10.0]);
    }

    #[test]
    fn noise_that_hides_the_depth_contradicts_nothing() {
        let dips = [10.0, 30.0];
        let mut s = series(&[(0.5, 39.0)], &dips);
        // The middle transit at half the period is there, with errors a hundred times as large.
        for (t, w) in s.time.clone().iter().zip(&mut s.weight) {
            if (t + s.origin - 20.0).abs() < 1.0 {
                *w *= 1e-4;
            }
        }
        assert_eq!(allowed_periods(&s, &candidate(&s, 20.0, &dips), 0.5, 0.25), [20.0, 10.0]);
    }

    #[test]
    fn the_shortest_period_of_one_transit_leaves_the_data_or_falls_into_gaps() {
        let at = |spans: &[(f64, f64)], dip: f64| {
            let s = series(spans, &[dip]);
            shortest_period(&Cumulative::new(&s), dip - s.origin, 0.2, 1.0, 0.5)
        };
        // 19 days to the end are the longer side.
        assert!((at(&[(0.0, 27.0)], 8.0) - 19.0).abs() < 0.2);
        // Days 12 to 16 are missing, and day 0 to 2: 6 days before and after, and day 20, which is not.
        assert!((at(&[(2.0, 12.0), (16.0, 19.9)], 8.0) - 6.0).abs() < 0.3);
        assert!(at(&[(2.0, 12.0), (16.0, 24.0)], 8.0) > 6.0);
    }
}
