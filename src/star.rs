//! What is known of the host star, and what follows from it: density, transit duration, units.

use std::f64::consts::PI;

/// Gravitational parameter of the Sun, m³ s⁻² (IAU 2015 resolution B3).
pub const GM_SUN: f64 = 1.327_124_4e20;
/// Nominal solar radius, m (IAU 2015 resolution B3).
pub const R_SUN: f64 = 6.957e8;
/// Nominal Earth equatorial radius in solar radii (IAU 2015 resolution B3).
pub const R_EARTH_RSUN: f64 = 6.3781e6 / R_SUN;
/// Seconds in a day.
pub const DAY_S: f64 = 86_400.0;
/// Solar effective temperature, K (IAU 2015 resolution B3).
pub const TEFF_SUN: f64 = 5772.0;

/// A measured quantity with a symmetric one-sigma error.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    pub value: f64,
    pub err: f64,
}

/// Stellar parameters; every one may be unknown, and nothing is assumed in its place.
///
/// `rho` is the mean density in solar units (ρ☉ = 1408 kg m⁻³), the unit in which a/R* = (GM☉ ρ P² / 4π² R☉³)^⅓.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Star {
    pub mass_msun: Option<Measured>,
    pub radius_rsun: Option<Measured>,
    pub teff_k: Option<Measured>,
    /// log₁₀ of the surface gravity in cm s⁻².
    pub logg: Option<Measured>,
    /// Mean density in solar units.
    pub rho: Option<Measured>,
}

impl Star {
    /// Mean density in solar units: as given, else from mass and radius, else from gravity and radius.
    pub fn density(&self) -> Option<Measured> {
        if self.rho.is_some() {
            return self.rho;
        }
        let r = self.radius_rsun?;
        if let Some(m) = self.mass_msun {
            let value = m.value / r.value.powi(3);
            let err = value * ((m.err / m.value).powi(2) + (3.0 * r.err / r.value).powi(2)).sqrt();
            return Some(Measured { value, err });
        }
        let g = self.logg?;
        // ρ/ρ☉ = (g/g☉) / (R/R☉), log g☉ = 4.438
        let value = 10f64.powf(g.value - 4.438) / r.value;
        let err = value * ((g.err * std::f64::consts::LN_10).powi(2) + (r.err / r.value).powi(2)).sqrt();
        Some(Measured { value, err })
    }
}

/// Semi-major axis over stellar radius of a planet of period `period` (days) around a star of density `rho` (solar
/// units), from Kepler's third law with a planet of negligible mass.
pub fn a_over_rstar(period: f64, rho: f64) -> f64 {
    let p = period * DAY_S;
    (GM_SUN * rho * p * p / (4.0 * PI * PI * R_SUN.powi(3))).cbrt()
}

/// Stellar density in solar units that puts a planet of period `period` (days) at `a_rs`; inverse of [`a_over_rstar`].
pub fn density_from_a_over_rstar(period: f64, a_rs: f64) -> f64 {
    let p = period * DAY_S;
    a_rs.powi(3) * 4.0 * PI * PI * R_SUN.powi(3) / (GM_SUN * p * p)
}

/// Duration in days of a central transit of a small planet on a circular orbit, (P/π) asin(R*/a).
pub fn central_duration(period: f64, rho: f64) -> f64 {
    period / PI * (1.0 / a_over_rstar(period, rho)).min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earth_around_the_sun() {
        let a = a_over_rstar(365.25, 1.0);
        assert!((a - 215.03).abs() < 0.05, "{a}");
        assert!((central_duration(365.25, 1.0) * 24.0 - 12.98).abs() < 0.02);
        assert!((density_from_a_over_rstar(365.25, a) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn density_from_mass_and_radius() {
        let star = Star {
            mass_msun: Some(Measured { value: 0.5, err: 0.05 }),
            radius_rsun: Some(Measured { value: 0.5, err: 0.01 }),
            ..Star::default()
        };
        let rho = star.density().unwrap();
        assert!((rho.value - 4.0).abs() < 1e-12);
        assert!((rho.err - 4.0 * (0.01f64 + 0.0036).sqrt()).abs() < 1e-12);
    }
}
