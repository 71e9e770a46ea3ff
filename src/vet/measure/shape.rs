//! V-shape and size.
//!
//! ```text
//! rp_rs = √depth,   T = T14 − τ,   b² = 1 − rp_rs T/τ  (0 where negative),   v_shape = rp_rs + b
//! radius_rearth = rp_rs R* / R_earth
//! ```
//!
//! with τ the ingress of the fitted trapezoid, freed of the exposure's smear (Winn 2010, arXiv:1001.2010, eqs. 14 to 16;
//! the sum after Thompson et al. 2018, ApJS 235, 38, A.4.3). A V whose sides are not resolved has a large error.

use super::trapezoid::Trapezoid;
use crate::star::{R_EARTH_RSUN, Star};
use crate::vet::{Metrics, Missing};

pub(super) fn measure(model: Option<&Trapezoid>, star: Option<&Star>, metrics: &mut Metrics) {
    let names = ["rp_rs", "impact_parameter", "v_shape", "ingress", "t14", "radius_rearth"];
    let Some(model) = model.filter(|m| m.depth > 0.0) else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::NoFit));
    };
    let k = model.depth.sqrt();
    let impact = |ingress: f64| {
        let ingress = ingress.clamp(0.005, 0.5);
        (1.0 - k * (1.0 - ingress) / ingress).max(0.0).sqrt()
    };
    let b = impact(model.ingress);
    let err = if model.ingress_err.is_finite() {
        let (low, high) = (impact(model.ingress - model.ingress_err), impact(model.ingress + model.ingress_err));
        0.5 * (high - low).max(0.0)
    } else {
        0.5
    };
    metrics.set_with_err("rp_rs", k, 0.5 * model.depth_err / k);
    metrics.set_with_err("impact_parameter", b, err);
    metrics.set_with_err("v_shape", k + b, err);
    metrics.set_with_err("ingress", model.ingress, model.ingress_err);
    metrics.set_with_err("t14", model.duration, model.duration_err);
    match star.and_then(|s| s.radius_rsun) {
        Some(r) => {
            let radius = k * r.value / R_EARTH_RSUN;
            let relative = (r.err / r.value).hypot(0.5 * model.depth_err / model.depth);
            metrics.set_with_err("radius_rearth", radius, radius * relative);
        }
        None => metrics.set_missing("radius_rearth", Missing::StellarRadius),
    }
}
