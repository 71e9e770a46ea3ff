//! Durations of transits, and where their middles are.

use crate::fit::joint::model::{Planet, Size};
use crate::star::{a_over_rstar, density_from_a_over_rstar};

/// √((1 + k)² − b²) √(1 − e²)/(1 + e sin ω): what the duration is in units of P R*/(π a).
pub(super) fn path(planet: &Planet, values: &[f64]) -> Option<f64> {
    let transit = planet.transit.as_ref()?;
    let (k, b) = (transit.rp_rs.get(values), transit.impact_parameter.get(values));
    let (ecc, omega) = planet.eccentricity.get(values);
    let chord = (1.0 + k - b) * (1.0 + k + b);
    let path = chord.sqrt() * ((1.0 - ecc) * (1.0 + ecc)).sqrt() / (1.0 + ecc * omega.sin());
    (path.is_finite() && path > 0.0).then_some(path)
}

/// b (1 + e sin ω)/(1 − e²) = a cos i/R*, which a/R* is larger than.
pub(super) fn least_a_rs(planet: &Planet, values: &[f64]) -> Option<f64> {
    let b = planet.transit.as_ref()?.impact_parameter.get(values);
    let (ecc, omega) = planet.eccentricity.get(values);
    Some(b * (1.0 + ecc * omega.sin()) / ((1.0 - ecc) * (1.0 + ecc)))
}

/// ln of √((1 + k)² − b²) R*/a, the duration on a circular orbit in units of P/π.
pub(super) fn ln_circular_duration(planet: &Planet, values: &[f64]) -> Option<f64> {
    let transit = planet.transit.as_ref()?;
    let (k, b) = (transit.rp_rs.get(values), transit.impact_parameter.get(values));
    let chord = (1.0 + k - b) * (1.0 + k + b);
    let ln = 0.5 * chord.ln() - planet.a_rs(values)?.ln();
    ln.is_finite().then_some(ln)
}

/// Days from conjunction to the middle between first and last contact, which light curves know: to first order in the size of
/// the star over that of the orbit,
///
/// ```text
/// −P/2π · e cos ω (b R*/a)² / (√(1 − e²) (1 + e sin ω))
/// ```
pub(super) fn middle_after_conjunction(planet: &Planet, values: &[f64]) -> f64 {
    let (ecc, omega) = planet.eccentricity.get(values);
    let (Some(transit), Some(a_rs)) = (&planet.transit, planet.a_rs(values)) else { return 0.0 };
    let b = transit.impact_parameter.get(values);
    let (sin, cos) = omega.sin_cos();
    let shift = ecc * cos * (b / a_rs).powi(2) / (((1.0 - ecc) * (1.0 + ecc)).sqrt() * (1.0 + ecc * sin));
    if shift.is_finite() { -planet.period.get(values) / std::f64::consts::TAU * shift } else { 0.0 }
}

/// The size of an orbit that makes a transit last `duration`, in the units of its parameter; roughly.
pub(in crate::fit::joint) fn size_for_duration(planet: &Planet, values: &[f64], duration: f64) -> Option<f64> {
    let period = planet.period.get(values);
    let a_rs = path(planet, values)? * period / (std::f64::consts::PI * duration);
    Some(match planet.transit.as_ref()?.size {
        Size::ARs(_) => a_rs,
        Size::RhoStar(_) => density_from_a_over_rstar(period, a_rs),
    })
}

/// Duration from first to last contact of a planet with this a/R*, roughly.
pub(in crate::fit::joint) fn rough_duration(planet: &Planet, values: &[f64]) -> Option<f64> {
    let period = planet.period.get(values);
    let a_rs = match planet.transit.as_ref()?.size {
        Size::ARs(slot) => slot.get(values),
        Size::RhoStar(slot) => a_over_rstar(period, slot.get(values)),
    };
    Some(path(planet, values)? * period / (std::f64::consts::PI * a_rs))
}
