//! The brute-force box least squares: every box tried, every cadence classified, every sum direct. Slow, and obvious.
//!
//! It is kept to test the fast code against. A cadence is in transit when −duration/2 ≤ τ < duration/2, where τ is its
//! time from the nearest mid-transit: the interval is half open so that adjoining boxes share no cadence.

use super::statistic::BoxStatistic;

/// The best box at one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OracleBox {
    pub transit_time: f64,
    pub duration: f64,
    pub statistic: BoxStatistic,
}

/// Whether `time` is in the half-open box of `duration` about the transits of `period` through `transit_time`.
pub fn in_box(time: f64, period: f64, duration: f64, transit_time: f64) -> bool {
    let from_start = (time - (transit_time - 0.5 * duration)).rem_euclid(period);
    from_start < duration
}

/// The statistic of one box by direct sums; `None` when no cadence is inside, or none outside.
pub fn box_statistic(
    time: &[f64],
    flux: &[f64],
    flux_err: &[f64],
    period: f64,
    duration: f64,
    transit_time: f64,
) -> Option<BoxStatistic> {
    let (mut weight_in, mut sum_in, mut weight_out, mut sum_out) = (0.0, 0.0, 0.0, 0.0);
    for i in 0..time.len() {
        let w = 1.0 / (flux_err[i] * flux_err[i]);
        if in_box(time[i], period, duration, transit_time) {
            weight_in += w;
            sum_in += w * flux[i];
        } else {
            weight_out += w;
            sum_out += w * flux[i];
        }
    }
    (weight_in > 0.0 && weight_out > 0.0)
        .then(|| BoxStatistic::from_means(sum_in / weight_in, weight_in, sum_out / weight_out, weight_out))
}

/// The box of highest S/N among all `durations` and `transit_times`; the first of equals, `None` where no box holds data.
pub fn best_box(
    time: &[f64],
    flux: &[f64],
    flux_err: &[f64],
    period: f64,
    durations: &[f64],
    transit_times: &[f64],
) -> Option<OracleBox> {
    let mut best: Option<OracleBox> = None;
    for &duration in durations {
        for &transit_time in transit_times {
            let Some(statistic) = box_statistic(time, flux, flux_err, period, duration, transit_time) else {
                continue;
            };
            if best.is_none_or(|b| statistic.snr > b.statistic.snr) {
                best = Some(OracleBox { transit_time, duration, statistic });
            }
        }
    }
    best
}

/// The best of all boxes of `duration` at `period`, wherever they start.
///
/// Which cadences a box holds changes only when its start passes a cadence (one leaves) or its end does (one enters), so
/// boxes that start just at a cadence, and boxes that end just after one, are all there are.
pub fn exact_best_transit_time(
    time: &[f64],
    flux: &[f64],
    flux_err: &[f64],
    period: f64,
    duration: f64,
) -> Option<OracleBox> {
    let sliver = 1e-9 * duration;
    let transit_times: Vec<f64> =
        time.iter().flat_map(|t| [t - sliver + 0.5 * duration, t + sliver - 0.5 * duration]).collect();
    best_box(time, flux, flux_err, period, &[duration], &transit_times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_half_open_and_wraps() {
        assert!(in_box(9.0, 10.0, 2.0, 10.0));
        assert!(!in_box(11.0, 10.0, 2.0, 10.0));
        assert!(in_box(0.5, 10.0, 2.0, 10.0) && in_box(0.5, 10.0, 2.0, 0.0));
        assert!(in_box(-0.5, 10.0, 2.0, 100.0));
    }

    #[test]
    fn finds_the_only_dip() {
        let time: Vec<f64> = (0..100).map(|i| 0.1 * f64::from(i)).collect();
        let flux: Vec<f64> = time.iter().map(|t| if in_box(*t, 3.05, 0.35, 1.02) { 0.99 } else { 1.0 }).collect();
        let err = vec![0.001; 100];
        let best = exact_best_transit_time(&time, &flux, &err, 3.05, 0.34).unwrap();
        assert!((best.transit_time.rem_euclid(3.05) - 1.02).abs() < 0.05, "{best:?}");
        assert!((best.statistic.depth - 0.01).abs() < 1e-12, "{best:?}");
    }
}
