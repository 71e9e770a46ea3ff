//! Quantities that follow from the sampled ones.

use super::model;
use super::parameters::{IMPACT_PARAMETER, Quantity, RP_RS, Values};
use crate::star::{Measured, R_EARTH_RSUN, R_SUN, Star, TEFF_SUN};

const fn quantity(name: &'static str, unit: &'static str, description: &'static str) -> Quantity {
    Quantity { name, unit, description }
}

const GEOMETRIC: [Quantity; 8] = [
    quantity("a_rs", "", "semi-major axis over stellar radius"),
    quantity("inclination", "rad", "inclination of the orbit"),
    quantity("duration", "d", "first to last contact, T14"),
    quantity("full_duration", "d", "second to third contact, T23; zero for a grazing transit"),
    quantity("depth", "", "flux drop at mid-transit, fraction"),
    quantity("area_ratio", "", "(rp_rs)^2"),
    quantity("u1", "", "linear coefficient of the quadratic limb darkening"),
    quantity("u2", "", "quadratic coefficient of the quadratic limb darkening"),
];
const RADIUS: Quantity = quantity("radius_rearth", "R_earth", "radius of the planet");
const INSOLATION: Quantity = quantity("insolation_searth", "S_earth", "flux that the planet receives over the Earth's");
const TEMPERATURE: Quantity = quantity(
    "equilibrium_temperature_k",
    "K",
    "equilibrium temperature, zero albedo, heat spread over all of the planet",
);

/// Astronomical unit in metres (IAU 2012 resolution B2).
const AU: f64 = 1.495_978_707e11;

/// All derived quantities, known or not.
pub(super) fn all() -> impl Iterator<Item = Quantity> {
    GEOMETRIC.into_iter().chain([RADIUS, INSOLATION, TEMPERATURE])
}

/// What can be derived, given what is known of the star.
pub(super) struct Derivation {
    radius: Option<Measured>,
    teff: Option<Measured>,
}

impl Derivation {
    pub(super) fn new(star: &Star) -> Self {
        let known = |m: &Measured| m.value.is_finite() && m.value > 0.0 && m.err.is_finite() && m.err >= 0.0;
        Self { radius: star.radius_rsun.filter(known), teff: star.teff_k.filter(known) }
    }

    /// All quantities.
    pub(super) fn quantities(&self) -> impl Iterator<Item = Quantity> {
        all()
    }

    /// Values of the quantities, those not known as NaN. `normals` are two standard normal numbers for this draw, which
    /// carry the errors of the star's radius and temperature.
    pub(super) fn values(&self, values: &Values, normals: [f64; 2]) -> [f64; GEOMETRIC.len() + 3] {
        let mut out = [f64::NAN; GEOMETRIC.len() + 3];
        let Some(shape) = model::shape(values) else { return out };
        let (elements, law) = (shape.orbit().elements(), shape.limb_darkening().as_quadratic());
        let k = values[RP_RS];
        let draw = |m: Measured, n: f64| (m.value + m.err * n).max(0.0);
        out[..8].copy_from_slice(&[
            elements.a_rs,
            shape.orbit().inclination(),
            shape.duration(),
            shape.full_duration(),
            1.0 - crate::transit::quadratic_flux(values[IMPACT_PARAMETER], k, &law),
            k * k,
            law.u1,
            law.u2,
        ]);
        if let Some(radius) = self.radius {
            out[8] = k * draw(radius, normals[0]) / R_EARTH_RSUN;
        }
        if let Some(teff) = self.teff {
            let teff = draw(teff, normals[1]);
            out[9] = (teff / TEFF_SUN).powi(4) * (AU / R_SUN / elements.a_rs).powi(2);
            out[10] = teff * (0.5 / elements.a_rs).sqrt();
        }
        out
    }
}
