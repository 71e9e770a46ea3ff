//! The statistic of a transit-shaped dip on unbinned data.

use super::refine::PeriodicBox;
use super::template::Dip;
use crate::search::series::dips::Series;
use crate::search::statistic::BoxStatistic;

/// A transit-shaped dip and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ShapeFit {
    pub statistic: BoxStatistic,
    /// Root of the reduced χ² of the cadences within a duration of a transit.
    pub scatter: f64,
}

/// The statistic of `dip` at every transit of the ephemeris of `at`, depth and level free:
///
/// ```text
/// depth = Σ w s d / V,    V = Σ w s² − (Σ w s)² / W,    Δχ² = depth² V,    snr = depth √V
/// ```
/// with s the dip of unit depth, d what the flux is below the weighted mean, w = flux_err⁻², and W the weight of all
/// cadences. Where s is 1 inside and 0 outside it is the statistic of a box. `None` where nothing is inside.
pub(crate) fn shape_fit(series: &Series, at: &PeriodicBox, dip: Dip) -> Option<ShapeFit> {
    let ramps = dip.ramps();
    let half = (2.0 * ramps.end).min(0.5 * at.period);
    let (mut num, mut mean, mut square) = (0.0, 0.0, 0.0);
    let (mut weight, mut sum, mut chi2, mut cadences) = (0.0, 0.0, 0.0, 0usize);
    let mut from_middle: Vec<f32> = Vec::new();
    let mut shape: Vec<f32> = Vec::new();
    for window in series.windows(at.period, at.transit_time - half, 2.0 * half) {
        let middle = at.transit_time + window.epoch as f64 * at.period;
        let range = window.cadences;
        cadences += range.len();
        from_middle.clear();
        from_middle.extend(series.time[range.clone()].iter().map(|t| (t - middle).abs() as f32));
        shape.resize(range.len(), 0.0);
        ramps.fill(&from_middle, &mut shape);
        for ((s, d), w) in shape.iter().zip(&series.dip[range.clone()]).zip(&series.weight[range]) {
            let s = f64::from(*s);
            num += w * s * d;
            mean += w * s;
            square += w * s * s;
            weight += w;
            sum += w * d;
            chi2 += w * d * d;
        }
    }
    let information = square - mean * mean / series.total_weight;
    if square <= 0.0 || information <= 1e-12 * square {
        return None;
    }
    let depth = num / information;
    let level = -depth * mean / series.total_weight;
    // Σ w (d − level − depth s)²
    let left = chi2 + level * level * weight + depth * depth * square - 2.0 * (level * sum + depth * num)
        + 2.0 * level * depth * mean;
    let scatter = if cadences > 8 { (left.max(0.0) / (cadences as f64 - 6.0)).sqrt() } else { 0.0 };
    let depth_err = 1.0 / information.sqrt();
    let snr = depth / depth_err;
    Some(ShapeFit { statistic: BoxStatistic { depth, depth_err, snr, delta_chi2: snr * snr }, scatter })
}
