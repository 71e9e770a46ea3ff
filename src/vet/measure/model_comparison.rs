//! The transit against a straight line and against a sinusoid, by Akaike's criterion.
//!
//! ```text
//! AIC = χ² + 2 × parameters
//! delta_aic_line = AIC(trapezoid) − AIC(line), within 2 durations
//! delta_aic_sine = AIC(sinusoid and trapezoid) − AIC(sinusoid), at all phases, the larger for P and P/2
//! ```
//!
//! χ² is divided by F², the red-noise factor, so that slow variability does not count as evidence. Negative values favour
//! the transit. After Kunimoto et al. 2025 (AJ 170, 280).

use nalgebra::{Matrix4, Vector4};

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

    // With a transit on top of it, a sinusoid must fit better: variability alone is no argument against a transit.
    let mut least_evidence: Option<f64> = None;
    for harmonic in [1.0, 2.0] {
        let (mut normal, mut right) = (Matrix4::<f64>::zeros(), Vector4::<f64>::zeros());
        for bin in (0..folded.len()).filter(|b| folded.weight[*b] > 0.0) {
            let phase = folded.phase(bin);
            let (s, c) = (std::f64::consts::TAU * harmonic * phase / folded.period).sin_cos();
            let row = Vector4::new(1.0, s, c, model.at(phase) / model.depth);
            normal += folded.weight[bin] * row * row.transpose();
            right += folded.dip[bin] * row;
        }
        let sine = normal.fixed_view::<3, 3>(0, 0).try_inverse();
        if let (Some(both), Some(sine)) = (normal.try_inverse(), sine) {
            let explained_by_sine = (sine * right.xyz()).dot(&right.xyz());
            let gain = (both * right).dot(&right) - explained_by_sine;
            let delta = -gain / variance + 2.0 * 4.0;
            least_evidence = Some(least_evidence.map_or(delta, |d: f64| d.max(delta)));
        }
    }
    metrics.set_or("delta_aic_sine", least_evidence.ok_or(Missing::TooFewCadences));
}
