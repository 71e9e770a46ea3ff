//! Odd and even transits: depth and time, in standard deviations and relative to the transit.
//!
//! The fitted trapezoid T is fitted to the cadences of each parity with a depth s and a delay τ: y = level + s T − τ s T′.
//!
//! ```text
//! odd_even_depth_sigma    = |δ_odd − δ_even| / √(σ_odd² + σ_even²)      σ² of white noise and σ_r²/N
//! odd_even_depth_fraction = |δ_odd − δ_even| / max(δ_odd, δ_even)
//! odd_even_time_sigma, odd_even_time_fraction (of the duration)         likewise
//! odd_even_ratio          = min / max of the two depths
//! ```
//!
//! A deep transit makes a difference of a percent significant, so a test needs both the sigma and the fraction. After
//! Coughlin 2017 (KSCI-19105-002, 4.2) and Kunimoto et al. 2025 (AJ 170, 280).

use nalgebra::{Matrix3, Vector3};

use super::curve::Curve;
use super::trapezoid::Trapezoid;
use crate::vet::{Metrics, Missing};

/// Depth and delay of one parity, with errors.
pub(super) struct Part {
    pub scale: f64,
    pub scale_err: f64,
    pub delay: f64,
    pub delay_err: f64,
}

/// Fits level, depth and delay to the cadences near the transits that `keep` takes; `None` where they do not allow it.
pub(super) fn fit(curve: &Curve, model: &Trapezoid, keep: impl Fn(i64) -> bool) -> Option<Part> {
    // Sums over 1, T and T′: w, wT, wT′, wTT, wTT′, wT′T′, and wy, wyT, wyT′.
    let mut sums = [0.0f64; 9];
    let (mut transits, mut cadences) = (0, 0usize);
    for event in curve.events.iter().filter(|e| keep(e.epoch)) {
        transits += usize::from(!event.inside.is_empty());
        cadences += event.near.len();
        for i in event.near.clone() {
            let t = curve.from_transit[i];
            let (w, y) = (curve.weight[i], curve.dip[i]);
            sums[0] += w;
            sums[6] += w * y;
            if (t - model.offset).abs() < 0.51 * model.duration + 0.5 * model.exposure {
                let (shape, slope) = (model.at(t) / model.depth, model.slope(t));
                for (sum, term) in
                    sums[1..6].iter_mut().zip([shape, slope, shape * shape, shape * slope, slope * slope])
                {
                    *sum += w * term;
                }
                sums[7] += w * y * shape;
                sums[8] += w * y * slope;
            }
        }
    }
    if transits == 0 || cadences < 5 {
        return None;
    }
    let [w, ws, wd, wss, wsd, wdd, wy, wys, wyd] = sums;
    let inverse = Matrix3::new(w, ws, wd, ws, wss, wsd, wd, wsd, wdd).try_inverse()?;
    let solution = inverse * Vector3::new(wy, wys, wyd);
    // No factor for χ²: what the trapezoid misses, it misses alike in both.
    let red = curve.red / (transits as f64).sqrt();
    let depth_err = inverse[(1, 1)].sqrt();
    // Red noise delays a transit as much as it deepens it, in units of what white noise does.
    let excess = (1.0 + (red / depth_err).powi(2)).sqrt();
    Some(Part {
        scale: solution[1],
        scale_err: depth_err * excess,
        delay: solution[2],
        delay_err: inverse[(2, 2)].sqrt() * excess,
    })
}

pub(super) fn measure(curve: &Curve, model: Option<&Trapezoid>, metrics: &mut Metrics) {
    let names = [
        "odd_even_depth_sigma",
        "odd_even_depth_fraction",
        "odd_even_time_sigma",
        "odd_even_time_fraction",
        "odd_even_ratio",
        "depth_odd",
        "depth_even",
    ];
    let Some(model) = model else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::NoFit));
    };
    let odd = fit(curve, model, |epoch| epoch.rem_euclid(2) == 1);
    let even = fit(curve, model, |epoch| epoch.rem_euclid(2) == 0);
    let (Some(odd), Some(even)) = (odd, even) else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::OneParity));
    };
    let deeper = odd.scale.max(even.scale);
    let err = odd.scale_err.hypot(even.scale_err);
    let difference = (odd.scale - even.scale).abs();
    metrics.set_with_err("odd_even_depth_sigma", difference / err, 1.0);
    metrics.set_with_err("odd_even_depth_fraction", difference / deeper, err / deeper);
    metrics.set_with_err("odd_even_ratio", odd.scale.min(even.scale) / deeper, err / deeper);
    metrics.set_with_err("depth_odd", odd.scale, odd.scale_err);
    metrics.set_with_err("depth_even", even.scale, even.scale_err);
    // The delay of a dip that is not there means nothing.
    if odd.scale < 3.0 * odd.scale_err || even.scale < 3.0 * even.scale_err {
        metrics.set_missing("odd_even_time_sigma", Missing::OneParity);
        metrics.set_missing("odd_even_time_fraction", Missing::OneParity);
        return;
    }
    let (late_odd, late_even) = (odd.delay * model.depth / odd.scale, even.delay * model.depth / even.scale);
    let err = (odd.delay_err * model.depth / odd.scale).hypot(even.delay_err * model.depth / even.scale);
    let difference = (late_odd - late_even).abs();
    metrics.set_with_err("odd_even_time_sigma", difference / err, 1.0);
    metrics.set_with_err("odd_even_time_fraction", difference / model.duration, err / model.duration);
}
