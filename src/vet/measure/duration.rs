//! The duration against the stellar density, and against what any orbit allows.
//!
//! ```text
//! duration_ratio = T14 / [ (P/π) asin((1 + rp_rs) R*/a) ]      with a/R* from the stellar density
//! a_rs_largest   = (1 + rp_rs) / sin(π T14 / P)                 a/R* of a circular orbit seen edge-on
//! ```
//!
//! An orbit of eccentricity e stretches a transit by up to √((1+e)/(1−e)): a ratio above 2 needs e > 0.6 at apastron. After
//! Seager & Mallén-Ornelas 2003 (ApJ 585, 1038).

use std::f64::consts::PI;

use super::trapezoid::Trapezoid;
use crate::star::{Star, a_over_rstar};
use crate::vet::{Metrics, Missing};

pub(super) fn measure(model: Option<&Trapezoid>, period: f64, star: Option<&Star>, metrics: &mut Metrics) {
    let Some(model) = model.filter(|m| m.depth > 0.0) else {
        return ["duration_ratio", "a_rs_largest"].iter().for_each(|name| metrics.set_missing(*name, Missing::NoFit));
    };
    let reach = 1.0 + model.depth.sqrt();
    let angle = (PI * model.duration / period).min(0.5 * PI);
    metrics.set_with_err(
        "a_rs_largest",
        reach / angle.sin(),
        reach / angle.sin() * model.duration_err / model.duration,
    );
    match star.and_then(Star::density) {
        Some(rho) => {
            let a_rs = a_over_rstar(period, rho.value);
            metrics.set_with_err("a_rs_star", a_rs, a_rs * rho.err / (3.0 * rho.value));
            let expected = period / PI * (reach / a_rs).min(1.0).asin();
            let ratio = model.duration / expected;
            let relative = (model.duration_err / model.duration).hypot(rho.err / (3.0 * rho.value));
            metrics.set_with_err("duration_ratio", ratio, ratio * relative);
        }
        None => {
            for name in ["duration_ratio", "a_rs_star"] {
                metrics.set_missing(name, Missing::StellarDensity);
            }
        }
    }
}
