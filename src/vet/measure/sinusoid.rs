//! Whether the star varies as a sinusoid with half, once or twice the period (SWEET).
//!
//! A sine and cosine of each period are fitted to the light curve out of transit, before detrending, in K stretches of at
//! least one cycle of P (of 2P for that). A sinusoid of this period has the same phase in all; rotation of another period has not:
//!
//! ```text
//! a_k = amplitude vector of stretch k,   a = mean of a_k,   σ² = Σ |a_k − a|² / (2 K (K − 1)), at least that of white noise
//! sine_amplitude = |a|,   sine_sigma = |a| / σ,   sine_to_depth = |a| / depth,   of the most significant of the three
//! ```
//!
//! After Thompson et al. 2018 (ApJS 235, 38, A.3.2), who fit all data at once.

use nalgebra::{Matrix3, Vector3};

use super::curve::Curve;
use crate::vet::{Metrics, Missing};

/// Bins of phase in 2P.
const BINS: usize = 128;
const MOST_STRETCHES: usize = 8;
const LEAST_STRETCHES: usize = 3;

/// Weight and weighted flux by bin of phase in 2P.
type Fold = Vec<(f64, f64)>;

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let names = ["sine_sigma", "sine_amplitude", "sine_to_depth", "sine_period_ratio"];
    let cycles = curve.detrended.baseline() / curve.ephemeris.period;
    let (short, long) = (fold(curve, cycles as usize), fold(curve, (0.5 * cycles) as usize));
    let best = [(&long, 1.0, 2.0), (&short, 2.0, 1.0), (&short, 4.0, 0.5)]
        .into_iter()
        .filter_map(|(folds, harmonic, period)| coherent(folds, harmonic).map(|(a, s)| (a, s, period)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((amplitude, sigma, period)) = best else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::TooFewTransits));
    };
    let depth = metrics.value("depth").abs();
    metrics.set_with_err("sine_sigma", sigma, 1.0);
    metrics.set_with_err("sine_amplitude", amplitude, amplitude / sigma);
    metrics.set_with_err("sine_to_depth", amplitude / depth, amplitude / sigma / depth);
    metrics.set("sine_period_ratio", period);
}

/// The light curve out of transit in up to `stretches` folds, none where that is too few.
fn fold(curve: &Curve, stretches: usize) -> Vec<Fold> {
    let double = 2.0 * curve.ephemeris.period;
    let time = curve.time;
    let baseline = curve.detrended.baseline();
    if stretches < LEAST_STRETCHES {
        return Vec::new();
    }
    let stretches = stretches.min(MOST_STRETCHES);
    let mut folds = vec![vec![(0.0, 0.0); BINS]; stretches];
    let (flux, err, index) = (curve.light_curve.flux(), curve.light_curve.flux_err(), curve.detrended.index());
    let (per_cycle, per_stretch) = (1.0 / double, stretches as f64 / baseline);
    // Short of a whole duration, which would leave too little of a long dip's orbit.
    let outside = 0.6 * curve.duration;
    for i in 0..time.len() {
        if curve.from_transit[i].abs() < outside || curve.weight[i] == 0.0 {
            continue;
        }
        let cycles = (time[i] - curve.ephemeris.transit_time) * per_cycle;
        let bin = (((cycles - cycles.floor()) * BINS as f64) as usize).min(BINS - 1);
        let stretch = (((time[i] - time[0]) * per_stretch) as usize).min(stretches - 1);
        let at = index[i];
        let w = 1.0 / (err[at] * err[at]);
        let sums = &mut folds[stretch][bin];
        sums.0 += w;
        sums.1 += w * (flux[at] - 1.0);
    }
    folds
}

/// Amplitude of the sinusoid that all stretches share, and its significance.
fn coherent(folds: &[Fold], harmonic: f64) -> Option<(f64, f64)> {
    let parts: Vec<(f64, f64, f64)> = folds.iter().filter_map(|f| fit(f, harmonic)).collect();
    let k = parts.len() as f64;
    if parts.len() < LEAST_STRETCHES {
        return None;
    }
    let (s, c) = (parts.iter().map(|p| p.0).sum::<f64>() / k, parts.iter().map(|p| p.1).sum::<f64>() / k);
    let scatter = parts.iter().map(|p| (p.0 - s).powi(2) + (p.1 - c).powi(2)).sum::<f64>() / (2.0 * k * (k - 1.0));
    let white = parts.iter().map(|p| p.2).sum::<f64>() / (k * k);
    Some((s.hypot(c), s.hypot(c) / scatter.max(white).sqrt()))
}

/// Amplitudes of sine and cosine, and the variance of each.
fn fit(fold: &Fold, harmonic: f64) -> Option<(f64, f64, f64)> {
    let (mut normal, mut right) = (Matrix3::<f64>::zeros(), Vector3::<f64>::zeros());
    let mut filled = 0;
    for (bin, (w, wy)) in fold.iter().enumerate().filter(|(_, b)| b.0 > 0.0) {
        let (s, c) = (harmonic * std::f64::consts::TAU * (bin as f64 + 0.5) / BINS as f64).sin_cos();
        let row = Vector3::new(1.0, s, c);
        normal += *w * row * row.transpose();
        right += *wy * row;
        filled += 1;
    }
    // Half a cycle does not tell a sinusoid from a level; a stretch of P fills half of 2P.
    if 4 * filled < BINS {
        return None;
    }
    let inverse = normal.try_inverse()?;
    let solution = inverse * right;
    Some((solution[1], solution[2], 0.5 * (inverse[(1, 1)] + inverse[(2, 2)])))
}
