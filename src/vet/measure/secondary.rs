//! The secondary eclipse at any phase, and whether it may be a planet's occultation.
//!
//! ```text
//! secondary_depth_ratio = depth of the secondary / depth of the transit
//! albedo                = secondary depth · (a/Rp)²      (a/R* from the stellar density, Rp/R* = √depth)
//! ```
//!
//! A planet reflects no more than falls on it, so an albedo above 1 is not reflected light. After Coughlin & López-Morales
//! 2012 (AJ 143, 39) and Thompson et al. 2018 (ApJS 235, 38, A.4.1.2 and A.4.1.3).

use super::trapezoid::Trapezoid;
use super::uniqueness::Uniqueness;
use crate::star::{Star, a_over_rstar};
use crate::vet::{Metrics, Missing};

pub(super) fn measure(
    found: Option<&Uniqueness>,
    model: Option<&Trapezoid>,
    period: f64,
    star: Option<&Star>,
    metrics: &mut Metrics,
) {
    let names = ["secondary_phase", "secondary_depth", "secondary_depth_ratio", "albedo"];
    let (Some(found), Some(model)) = (found, model) else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::NoFit));
    };
    let Some(event) = found.secondary else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::NoRoom));
    };
    let err = (event.depth / event.significance).abs() * found.f_red.max(1.0);
    let ratio = event.depth / model.depth;
    metrics.set("secondary_phase", (event.phase / period).rem_euclid(1.0));
    metrics.set_with_err("secondary_depth", event.depth, err);
    metrics.set_with_err(
        "secondary_depth_ratio",
        ratio,
        (err / model.depth).hypot(ratio * model.depth_err / model.depth),
    );
    match star.and_then(Star::density) {
        Some(rho) => {
            let a_rs = a_over_rstar(period, rho.value);
            let albedo = event.depth * a_rs * a_rs / model.depth.max(1e-12);
            let relative = (err / event.depth).hypot(2.0 / 3.0 * rho.err / rho.value);
            metrics.set_with_err("albedo", albedo, albedo * relative);
        }
        None => metrics.set_missing("albedo", Missing::StellarDensity),
    }
}
