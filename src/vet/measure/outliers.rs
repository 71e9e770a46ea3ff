//! Whether single cadences make up the transits.
//!
//! ```text
//! depth_median_to_mean = median dip of all cadences in transit / mean depth
//! ```
//!
//! Near 1 for a transit of any shape, whose cadences lie low together; near 0 where a few outliers meet at one phase. The
//! error is that of a median of Gaussian noise, √(π/2) of the mean's.

use super::curve::Curve;
use crate::math::median_in_place;
use crate::vet::{Metrics, Missing};

/// Fewest cadences in transit of which a median tells anything.
const LEAST_CADENCES: usize = 8;

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let inside = curve.observed().flat_map(|e| e.inside.clone()).filter(|i| curve.weight[*i] > 0.0);
    let mut dips: Vec<f64> = inside.map(|i| curve.dip[i]).collect();
    let (mut sum, mut weights) = (0.0, 0.0);
    for i in curve.observed().flat_map(|e| e.inside.clone()) {
        sum += curve.weight[i] * curve.dip[i];
        weights += curve.weight[i];
    }
    let mean = sum / weights;
    if dips.len() < LEAST_CADENCES || mean.is_nan() || mean <= 0.0 {
        return metrics.set_missing("depth_median_to_mean", Missing::TooFewCadences);
    }
    let err = std::f64::consts::FRAC_PI_2.sqrt() / (weights.sqrt() * mean);
    metrics.set_with_err("depth_median_to_mean", median_in_place(&mut dips) / mean, err);
}
