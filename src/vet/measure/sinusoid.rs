//! Whether the star varies as a sinusoid with half, once or twice the period (SWEET).
//!
//! A sine and cosine of each period are fitted to the light curve out of transit, before detrending, folded at 2P into bins:
//!
//! ```text
//! sine_amplitude = largest of the three,   sine_sigma = amplitude / error (from the scatter of the bins about the fit)
//! sine_to_depth  = amplitude / depth
//! ```
//!
//! After Thompson et al. 2018 (ApJS 235, 38, A.3.2).

use nalgebra::{Matrix3, Vector3};

use super::curve::Curve;
use crate::lightcurve::LightCurve;
use crate::vet::{Metrics, Missing};

const BINS: usize = 400;

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let names = ["sine_sigma", "sine_amplitude", "sine_to_depth"];
    let (amplitude, sigma, period) = match strongest(curve.light_curve, curve) {
        Some(found) => found,
        None => return names.iter().for_each(|name| metrics.set_missing(*name, Missing::TooFewCadences)),
    };
    metrics.set_with_err("sine_sigma", sigma, 1.0);
    metrics.set_with_err("sine_amplitude", amplitude, amplitude / sigma);
    metrics.set("sine_period_ratio", period);
    metrics.set_with_err("sine_to_depth", amplitude / metrics.value("depth").abs(), amplitude / sigma / metrics.value("depth").abs());
}

/// Amplitude, significance and period (in units of P) of the most significant of the three sinusoids.
fn strongest(light_curve: &LightCurve, curve: &Curve) -> Option<(f64, f64, f64)> {
    let double = 2.0 * curve.ephemeris.period;
    let (mut weight, mut sum) = (vec![0.0; BINS], vec![0.0; BINS]);
    let (time, flux, err) = (light_curve.time(), light_curve.flux(), light_curve.flux_err());
    let inverse = 1.0 / double;
    for (&i, dt) in curve.detrended.index().iter().zip(&curve.from_transit) {
        if dt.abs() < curve.outside() {
            continue;
        }
        let cycles = (time[i] - curve.ephemeris.transit_time) * inverse;
        let bin = (((cycles - cycles.floor()) * BINS as f64) as usize).min(BINS - 1);
        let w = 1.0 / (err[i] * err[i]);
        weight[bin] += w;
        sum[bin] += w * (flux[i] - 1.0);
    }
    let bins: Vec<(f64, f64, f64)> = (0..BINS)
        .filter(|b| weight[*b] > 0.0)
        .map(|b| ((b as f64 + 0.5) / BINS as f64 * std::f64::consts::TAU, weight[b], sum[b] / weight[b]))
        .collect();
    if bins.len() < 20 {
        return None;
    }
    [(1.0, 2.0), (2.0, 1.0), (4.0, 0.5)]
        .into_iter()
        .filter_map(|(harmonic, period)| {
            let (amplitude, sigma) = fit(&bins, harmonic)?;
            Some((amplitude, sigma, period))
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn fit(bins: &[(f64, f64, f64)], harmonic: f64) -> Option<(f64, f64)> {
    let (mut normal, mut right, mut yy) = (Matrix3::<f64>::zeros(), Vector3::<f64>::zeros(), 0.0);
    for (angle, w, y) in bins {
        let (s, c) = (harmonic * angle).sin_cos();
        let row = Vector3::new(1.0, s, c);
        normal += *w * row * row.transpose();
        right += *w * *y * row;
        yy += w * y * y;
    }
    let inverse = normal.try_inverse()?;
    let solution = inverse * right;
    let chi2 = ((yy - solution.dot(&right)) / (bins.len() as f64 - 3.0)).max(1.0);
    let amplitude = solution[1].hypot(solution[2]);
    let variance = 0.5 * (inverse[(1, 1)] + inverse[(2, 2)]) * chi2;
    (variance > 0.0).then(|| (amplitude, amplitude / variance.sqrt()))
}
