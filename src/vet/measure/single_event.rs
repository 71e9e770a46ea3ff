//! Whether one transit makes up the signal: the largest single-event statistic over the multiple-event statistic.
//!
//! N equal transits give 1/√N; a value near 1 means that one dip alone was found. After Thompson et al. 2018 (ApJS 235, 38).

use super::curve::Curve;
use crate::vet::Metrics;

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let largest = curve.observed().map(|e| e.depth / curve.depth_err(e)).fold(f64::NEG_INFINITY, f64::max);
    let mes = metrics.value("mes_red");
    let ratio = largest / mes;
    metrics.set_with_err("ses_max", largest, 1.0);
    metrics.set_with_err("ses_to_mes", ratio, ratio.abs() * (1.0 / largest).hypot(1.0 / mes));
    // What equal transits would give.
    metrics.set("ses_to_mes_excess", ratio * metrics.value("n_transits").sqrt());
}
