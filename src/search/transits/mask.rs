//! Which cadences the transits of a candidate take.

use crate::search::exact::polish::Polished;
use crate::search::exact::refine::{BoxFit, PeriodicBox};
use crate::search::series::dips::Series;
use crate::search::statistic::BoxSums;

/// Where a candidate's transits are and half of what they take at the least: 1.5 boxes, and all from first to last contact
/// of the polished shape and a tenth more, with half a cadence on each side.
pub(crate) fn extent(series: &Series, fit: &BoxFit, polished: Option<&Polished>) -> (PeriodicBox, f64) {
    let shape = fit.shape;
    let half_width = (0.75 * shape.duration).max(0.5 * shape.duration + series.cadence);
    match polished {
        Some(p) => {
            let shape = PeriodicBox { period: p.period, transit_time: p.transit_time, ..shape };
            (shape, half_width.max(0.55 * p.duration + 0.5 * series.cadence))
        }
        None => (shape, half_width),
    }
}

/// Masks the transits of a candidate: `half_width` to each side, and wider, in steps of an eighth of the box up to three
/// boxes, as long as the fold still shows a dip there (3 sigma, and more than a hundredth of the depth).
pub(crate) fn mask_transits(
    whole: &Series,
    series: &Series,
    shape: &PeriodicBox,
    half_width: f64,
    depth: f64,
    masked: &mut [bool],
) {
    let step = shape.duration / 8.0;
    let mut half_width = half_width;
    while half_width < 1.5 * shape.duration && half_width + step < 0.5 * shape.period {
        let mut ring = BoxSums::default();
        for side in [-half_width - step, half_width] {
            ring += series.window_sums(shape.period, shape.transit_time + side, step);
        }
        if ring.weighted_dip < 3.0 * ring.weight.sqrt() || ring.weighted_dip < 0.01 * depth * ring.weight {
            break;
        }
        half_width += step;
    }
    mask_near(whole, shape, half_width, masked);
}

/// Sets `masked` for the cadences within `half_width` of a transit.
pub(crate) fn mask_near(series: &Series, shape: &PeriodicBox, half_width: f64, masked: &mut [bool]) {
    let width = (2.0 * half_width).min(shape.period);
    for window in series.windows(shape.period, shape.transit_time - 0.5 * width, width) {
        masked[window.cadences].fill(true);
    }
}

/// Sets `masked` for the cadences within three quarters of `duration` of `time`.
pub(crate) fn mask_event(series: &Series, time: f64, duration: f64, masked: &mut [bool]) {
    let first = series.time.partition_point(|t| *t < time - 0.75 * duration);
    let last = series.time.partition_point(|t| *t <= time + 0.75 * duration);
    masked[first..last].fill(true);
}
