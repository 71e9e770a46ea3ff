//! The light of a whole system: transits of several planets, at times of their own if they vary, eclipses behind the star
//! with the delay of light, phase curves, and the light of other stars.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::kepler::mean_anomaly_at_true;
use super::light_curve::TransitShape;
use super::limb_darkening::LimbDarkening;
use super::orbit::{Orbit, OrbitElements};
use super::{TransitError, finite, non_negative};

/// Light that a planet adds and modulates, as shares of the star's light; φ is 2π (t − transit_time) / period.
///
/// ```text
/// planet:  night + (day − night) (1 − cos φ) / 2        hidden during eclipses
/// star:    1 + beaming sin φ − ellipsoidal cos 2φ
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseCurve {
    /// Of the full day side: the depth of the eclipse.
    pub day: f64,
    /// Of the night side.
    pub night: f64,
    /// Semi-amplitude of Doppler beaming.
    pub beaming: f64,
    /// Semi-amplitude of the ellipsoidal variation.
    pub ellipsoidal: f64,
}

/// A planet and what it does besides transiting.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemPlanet {
    shape: TransitShape,
    phase_curve: PhaseCurve,
    transit_times: Option<Vec<f64>>,
    eclipse: TransitShape,
}

impl SystemPlanet {
    /// A planet that only transits.
    pub fn new(shape: TransitShape) -> Result<Self, TransitError> {
        Self::with_light(shape, PhaseCurve::default(), 0.0)
    }

    /// A planet with light of its own. `light_time` is that to cross the semi-major axis (days; a/c, zero to neglect it):
    /// eclipses come later by what light takes from behind the star to where transits happen.
    pub fn with_light(shape: TransitShape, phase_curve: PhaseCurve, light_time: f64) -> Result<Self, TransitError> {
        finite("day", phase_curve.day)?;
        finite("night", phase_curve.night)?;
        finite("beaming", phase_curve.beaming)?;
        finite("ellipsoidal", phase_curve.ellipsoidal)?;
        let light_time = non_negative("light_time", light_time)?;
        let eclipse = eclipse_of(&shape, light_time)?;
        Ok(Self { shape, phase_curve, transit_times: None, eclipse })
    }

    /// The same with a transit at each of `transit_times` only. Eclipses and phases keep the orbit's period.
    pub fn at_times(self, transit_times: Vec<f64>) -> Self {
        Self { transit_times: Some(transit_times), ..self }
    }

    /// The planet's transits.
    pub fn shape(&self) -> &TransitShape {
        &self.shape
    }

    /// Time of superior conjunction as seen from afar (days): the orbit's, plus the delay of light.
    pub fn eclipse_time(&self) -> f64 {
        self.eclipse.orbit().elements().transit_time
    }

    /// First to last contact of the eclipse (days), zero if there is none.
    pub fn eclipse_duration(&self) -> f64 {
        self.eclipse.duration()
    }

    fn add_to(&self, times: &[f64], exposure_time: f64, out: &mut [f64]) {
        match &self.transit_times {
            Some(transit_times) => self.shape.subtract_dips_at(transit_times, times, exposure_time, out),
            None => self.shape.subtract_dips(times, exposure_time, out),
        }
        let PhaseCurve { day, night, beaming, ellipsoidal } = self.phase_curve;
        if self.phase_curve == PhaseCurve::default() {
            return;
        }
        let elements = self.shape.orbit().elements();
        let k = self.shape.rp_rs();
        let mut hidden = vec![0.0; times.len()];
        if k > 0.0 {
            self.eclipse.subtract_dips(times, exposure_time, &mut hidden);
        }
        let per_area = 1.0 / (k * k).max(f64::MIN_POSITIVE);
        let (once, twice) = (blur(1.0, exposure_time, elements.period), blur(2.0, exposure_time, elements.period));
        for ((out, time), hidden) in out.iter_mut().zip(times).zip(hidden) {
            let (sin, cos) = (TAU * ((time - elements.transit_time) / elements.period).fract()).sin_cos();
            let planet = night + (day - night) * 0.5 * (1.0 - once * cos);
            *out += planet * (1.0 + hidden * per_area).max(0.0) + beaming * once * sin
                - ellipsoidal * twice * (cos * cos - sin * sin);
        }
    }
}

/// Mean of a sinusoid over an exposure, over its value in the middle; it has `multiple` cycles a period.
pub(super) fn blur(multiple: f64, exposure_time: f64, period: f64) -> f64 {
    let x = multiple * PI * exposure_time / period;
    if x == 0.0 { 1.0 } else { x.sin() / x }
}

/// The star in front of the planet's disc, which is uniform: what is hidden of it is the dip of a uniform star behind a disc
/// of its size, over its area or that of the star where it is larger.
pub(super) fn eclipse_of(shape: &TransitShape, light_time: f64) -> Result<TransitShape, TransitError> {
    let elements = eclipse_elements(shape.orbit(), light_time);
    TransitShape::new(Orbit::new(elements)?, shape.rp_rs(), LimbDarkening::Uniform)
}

/// The orbit seen from behind, where eclipses are transits: ω turned by half a turn, at superior conjunction.
fn eclipse_elements(orbit: &Orbit, light_time: f64) -> OrbitElements {
    let elements = *orbit.elements();
    let OrbitElements { period, transit_time, a_rs, impact_parameter, ecc, omega } = elements;
    let (towards, away) = (1.0 + ecc * omega.sin(), 1.0 - ecc * omega.sin());
    let phase = |f: f64| mean_anomaly_at_true(f, ecc);
    let wait = (phase(1.5 * PI - omega) - phase(FRAC_PI_2 - omega)) / TAU * period;
    let cos_i = impact_parameter * towards / (a_rs * (1.0 - ecc) * (1.0 + ecc));
    let sin_i = ((1.0 - cos_i) * (1.0 + cos_i)).max(0.0).sqrt();
    let path = (1.0 - ecc) * (1.0 + ecc) * (1.0 / towards + 1.0 / away) * sin_i;
    OrbitElements {
        period,
        transit_time: transit_time + wait + path * light_time,
        a_rs,
        impact_parameter: impact_parameter * towards / away,
        ecc,
        omega: omega + PI,
    }
}

/// Planets of one star, in an aperture with other light.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemModel {
    pub planets: Vec<SystemPlanet>,
    /// Share of the light in the aperture that is not the system's, from 0 to 1: dips appear shallower by it.
    pub third_light: f64,
}

impl SystemModel {
    /// Writes the flux at `times` to `out`, relative to that of the star and all other light without planets.
    ///
    /// The effects of the planets add, which is exact but where they overlap on the disc. Arguments as for
    /// [`TransitShape::flux_into`].
    pub fn flux_into(&self, times: &[f64], exposure_time: f64, out: &mut [f64]) {
        out.fill(1.0);
        for planet in &self.planets {
            planet.add_to(times, exposure_time, out);
        }
        if self.third_light != 0.0 {
            let share = 1.0 - self.third_light;
            out.iter_mut().for_each(|flux| *flux = 1.0 + share * (*flux - 1.0));
        }
    }
}
