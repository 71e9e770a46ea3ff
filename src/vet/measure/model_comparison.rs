//! The transit against a straight line and against a sinusoid, by Akaike's criterion.
//!
//! ```text
//! AIC = χ² + 2 × parameters;   delta_aic_line = AIC(trapezoid) − AIC(line),  within 2 durations
//!                              delta_aic_sine = AIC(trapezoid) − AIC(best sinusoid of P/2, P or 2P),  at all phases
//! ```
//!
//! χ² is divided by F², the red-noise factor, so that slow variability does not count as evidence. Negative values favour
//! the transit. After Kunimoto et al. 2025 (AJ 170, 280).

use super::folded::FoldedCurve;
use super::trapezoid::Trapezoid;
use crate::vet::{Metrics, Missing};

pub(super) fn measure(folded: &FoldedCurve, model: Option<&Trapezoid>, metrics: &mut Metrics) {
    let Some(model) = model else {
        for name in ["delta_aic_line", "delta_aic_sine", "chi2_fit"] {
            metrics.set_missing(name, Missing::NoFit);
        }
        return;
    };
    let f_red = metrics.value("f_red");
    let variance = if f_red.is_finite() { f_red * f_red } else { 1.0 };
    metrics.set("delta_aic_line", (model.chi2 - model.chi2_line) / variance + 2.0 * (5.0 - 2.0));
    metrics.set("chi2_fit", model.chi2 / (f64::from(model.cadences) - 5.0).max(1.0));

    // The fold at P has no room for 2P, which would show as odd and even; P and P/2 are fitted together with their level.
    let (mut best_sine, mut transit) = (f64::INFINITY, 0.0);
    let points = || (0..folded.len()).filter(|b| folded.weight[*b] > 0.0);
    for bin in points() {
        let w = folded.weight[bin];
        let r = folded.dip[bin] / w - model.level - model.at(folded.phase(bin));
        transit += w * r * r;
    }
    for harmonic in [1.0, 2.0] {
        let (mut normal, mut right) = (nalgebra::Matrix3::zeros(), nalgebra::Vector3::zeros());
        let mut yy = 0.0;
        for bin in points() {
            let (s, c) = (std::f64::consts::TAU * harmonic * folded.phase(bin) / folded.period).sin_cos();
            let row = nalgebra::Vector3::new(1.0, s, c);
            normal += folded.weight[bin] * row * row.transpose();
            right += folded.dip[bin] * row;
            yy += folded.dip[bin] * folded.dip[bin] / folded.weight[bin];
        }
        if let Some(inverse) = normal.try_inverse() {
            best_sine = best_sine.min(yy - (inverse * right).dot(&right));
        }
    }
    let difference = (transit - best_sine) / variance + 2.0 * (5.0 - 4.0);
    metrics.set_or("delta_aic_sine", if difference.is_finite() { Ok(difference) } else { Err(Missing::TooFewCadences) });
}
