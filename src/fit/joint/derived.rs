//! Quantities that follow from the parameters of a joint fit.

use std::f64::consts::{PI, TAU};

use super::model::{Eccentricity, Law, Model, Planet, Size};
use crate::star::{DAY_S, GM_SUN, Measured, R_EARTH_RSUN, R_SUN, Star, TEFF_SUN, density_from_a_over_rstar};
use crate::transit::TransitShape;

/// Astronomical unit in metres (IAU 2012 resolution B2).
const AU: f64 = 1.495_978_707e11;
/// Gravitational parameters of Jupiter and the Earth over that of the Sun (IAU 2015 resolution B3).
const GM_JUPITER: f64 = 1.266_865_3e17 / GM_SUN;
const GM_EARTH: f64 = 3.986_004e14 / GM_SUN;
/// Nominal equatorial radius of Jupiter in that of the Earth (IAU 2015 resolution B3).
const R_JUPITER_REARTH: f64 = 7.1492e7 / 6.3781e6;
/// Gravitational constant, m³ kg⁻¹ s⁻² (CODATA 2018).
const G: f64 = 6.674_30e-11;

/// Normal numbers that carry the star's own errors: mass, radius, temperature.
pub(super) const NORMALS: usize = 3;

type Labels = (&'static str, &'static str, &'static str);

const GEOMETRY: [Labels; 5] = [
    ("a_rs", "", "semi-major axis over stellar radius"),
    ("inclination", "rad", "inclination of the orbit"),
    ("duration", "d", "first to last contact, T14"),
    ("full_duration", "d", "second to third contact, T23; zero for a grazing transit"),
    ("depth", "", "largest dip in the first light curve's band, fraction"),
];
const DENSITY: Labels = ("rho_star", "solar", "mean density of the star that this planet's a_rs asks for");
const SHAPE: [Labels; 2] =
    [("ecc", "", "eccentricity"), ("omega", "rad", "argument of periastron of the star's orbit")];
const SIZE: [Labels; 3] = [
    ("radius_rearth", "R_earth", "radius of the planet"),
    ("radius_rjup", "R_jup", "radius of the planet"),
    ("semi_major_axis_au", "au", "semi-major axis"),
];
const HEAT: [Labels; 2] = [
    ("insolation_searth", "S_earth", "flux that the planet receives over the Earth's"),
    ("equilibrium_temperature_k", "K", "equilibrium temperature, zero albedo, heat spread over all of the planet"),
];
const GRAVITY: Labels = ("gravity_m_s2", "m/s2", "surface gravity of the planet, which needs no stellar mass");
const MASS: [Labels; 2] = [("mass_mearth", "M_earth", "mass"), ("mass_mjup", "M_jup", "mass")];
const MINIMUM_MASS: [Labels; 2] = [
    ("minimum_mass_mearth", "M_earth", "mass times the sine of the inclination"),
    ("minimum_mass_mjup", "M_jup", "mass times the sine of the inclination"),
];
const BULK: Labels = ("density_g_cm3", "g/cm3", "mean density of the planet");
const LAW: [Labels; 2] = [("u1", "", "linear coefficient of limb darkening"), ("u2", "", "quadratic coefficient")];

/// What follows, given what is known of the star.
pub(super) struct Derivation<'a> {
    model: &'a Model,
    mass: Option<Measured>,
    radius: Option<Measured>,
    teff: Option<Measured>,
}

impl<'a> Derivation<'a> {
    pub fn new(model: &'a Model, star: &Star) -> Self {
        let known = |m: &Measured| m.value.is_finite() && m.value > 0.0 && m.err.is_finite() && m.err >= 0.0;
        Self {
            model,
            mass: star.mass_msun.filter(known),
            radius: star.radius_rsun.filter(known),
            teff: star.teff_k.filter(known),
        }
    }

    /// Full name, unit and description of every quantity, in the order of [`values`](Self::values).
    pub fn quantities(&self) -> Vec<(String, &'static str, &'static str)> {
        let mut out = Vec::new();
        for planet in &self.model.planets {
            for (last, unit, description) in self.of_planet(planet) {
                out.push((format!("planets.{}.{last}", planet.name), unit, description));
            }
        }
        for instrument in &self.model.instruments {
            if let Law::Kipping(..) = instrument.law {
                let name = &instrument.name;
                out.extend(LAW.iter().map(|(last, unit, words)| (format!("instruments.{name}.{last}"), *unit, *words)));
            }
        }
        out
    }

    fn of_planet(&self, planet: &Planet) -> Vec<Labels> {
        let mut out: Vec<Labels> = Vec::new();
        let has_velocity = planet.rv_semi_amplitude.is_some();
        if matches!(planet.eccentricity, Eccentricity::Roots { .. }) {
            out.extend(SHAPE);
        }
        let Some(transit) = &planet.transit else {
            if has_velocity && self.mass.is_some() {
                out.extend(MINIMUM_MASS);
            }
            return out;
        };
        match transit.size {
            Size::ARs(_) => out.push(DENSITY),
            Size::RhoStar(_) => out.push(GEOMETRY[0]),
        }
        out.extend(&GEOMETRY[1..]);
        if self.radius.is_some() {
            out.extend(SIZE);
        }
        if self.teff.is_some() {
            out.extend(HEAT);
        }
        if has_velocity {
            out.push(GRAVITY);
            if self.mass.is_some() || self.radius.is_some() {
                out.extend(MASS);
            }
            if self.radius.is_some() {
                out.push(BULK);
            }
        }
        out
    }

    /// All quantities at these values of the parameters; `normals` carry the star's errors.
    pub fn values(&self, values: &[f64], normals: [f64; NORMALS]) -> Vec<f64> {
        let draw = |m: Measured, n: f64| (m.value + m.err * n).max(1e-6 * m.value);
        let [mass, radius, teff] = [(self.mass, 0), (self.radius, 1), (self.teff, 2)]
            .map(|(m, i)| m.map_or(f64::NAN, |m| draw(m, normals[i])));
        let mut out = Vec::new();
        for planet in &self.model.planets {
            let found = self.planet_values(planet, values, mass, radius, teff);
            for (last, _, _) in self.of_planet(planet) {
                out.push(found.iter().find(|f| f.0 == last).map_or(f64::NAN, |f| f.1));
            }
        }
        for instrument in &self.model.instruments {
            if let Law::Kipping(..) = instrument.law {
                let law = instrument.law.get(values).map(|law| law.as_quadratic());
                out.extend(law.map_or([f64::NAN; 2], |law| [law.u1, law.u2]));
            }
        }
        out
    }

    fn planet_values(
        &self,
        planet: &Planet,
        values: &[f64],
        mass: f64,
        radius: f64,
        teff: f64,
    ) -> Vec<(&'static str, f64)> {
        let (ecc, omega) = planet.eccentricity.get(values);
        let period = planet.period.get(values);
        let mut out = vec![("ecc", ecc), ("omega", omega)];
        let k_rv = planet.rv_semi_amplitude.map_or(f64::NAN, |s| s.get(values));
        let Some(transit) = &planet.transit else {
            let minimum = companion_mass(k_rv, period, ecc, 1.0, mass);
            out.extend([("minimum_mass_mearth", minimum / GM_EARTH), ("minimum_mass_mjup", minimum / GM_JUPITER)]);
            return out;
        };
        let law = self.model.instruments.first().and_then(|i| i.law.get(values)).unwrap_or_default();
        let rp_rs = transit.rp_rs.get(values);
        let shape = planet.orbit(values, self.model.reference).and_then(|o| TransitShape::new(o, rp_rs, law).ok());
        let Some(shape) = shape else { return out };
        let (a_rs, inclination) = (shape.orbit().elements().a_rs, shape.orbit().inclination());
        let rho_star = density_from_a_over_rstar(period, a_rs);
        let radius_rearth = rp_rs * radius / R_EARTH_RSUN;
        out.extend([
            ("a_rs", a_rs),
            ("rho_star", rho_star),
            ("inclination", inclination),
            ("duration", shape.duration()),
            ("full_duration", shape.full_duration()),
            ("depth", shape.depth()),
            ("radius_rearth", radius_rearth),
            ("radius_rjup", radius_rearth / R_JUPITER_REARTH),
            ("semi_major_axis_au", a_rs * radius * R_SUN / AU),
            // mean over an eccentric orbit
            ("insolation_searth", (teff / TEFF_SUN).powi(4) * (AU / R_SUN / a_rs).powi(2) / (1.0 - ecc * ecc).sqrt()),
            ("equilibrium_temperature_k", teff * (0.5 / a_rs).sqrt()),
        ]);
        // the star's mass, else what its density and radius make
        let mass = if mass.is_nan() { rho_star * radius.powi(3) } else { mass };
        let planet_mass = companion_mass(k_rv, period, ecc, inclination.sin(), mass);
        // Southworth, Wheatley & Sams 2007 (MNRAS 379, L11), eq. 4
        let gravity = TAU / (period * DAY_S) * ((1.0 - ecc) * (1.0 + ecc)).sqrt() * k_rv
            / ((rp_rs / a_rs).powi(2) * inclination.sin());
        let radius_m = rp_rs * radius * R_SUN;
        out.extend([
            ("gravity_m_s2", gravity),
            ("mass_mearth", planet_mass / GM_EARTH),
            ("mass_mjup", planet_mass / GM_JUPITER),
            // kg m⁻³ to g cm⁻³
            ("density_g_cm3", 1e-3 * planet_mass * GM_SUN / G / (4.0 / 3.0 * PI * radius_m.powi(3))),
        ]);
        out
    }
}

/// Mass of a companion in solar masses from the semi-amplitude `k` (m/s) of a star of `mass` solar masses:
///
/// ```text
/// m sin i = K √(1 − e²) (P/2πG)^⅓ (M + m)^⅔
/// ```
fn companion_mass(k: f64, period: f64, ecc: f64, sin_i: f64, mass: f64) -> f64 {
    let amplitude = k * ((1.0 - ecc) * (1.0 + ecc)).sqrt() * (period * DAY_S / (TAU * GM_SUN)).cbrt() / sin_i;
    let mut m = 0.0;
    for _ in 0..50 {
        m = amplitude * (mass + m).powf(2.0 / 3.0);
    }
    m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jupiter_moves_the_sun_by_twelve_and_a_half_metres_a_second() {
        // 12.4665 m/s for one Jupiter mass, 1 Julian year scaled to 4332.59 d, e = 0.0489
        let m = companion_mass(12.466, 4332.589, 0.0489, 1.0, 1.0) / GM_JUPITER;
        assert!((m - 1.0).abs() < 2e-3, "{m}");
    }
}
