//! Derivatives of a function of a whole light curve by what makes a phase curve with eclipses.

use std::f64::consts::{PI, TAU};

use super::folded_gradient::FoldedGradient;
use super::kepler::mean_anomaly_slopes;
use super::light_curve::TransitShape;
use super::orbit::{Orbit, OrbitShape};
use super::system::{PhaseCurve, blur, eclipse_of};
use super::track::ELEMENTS;
use super::{GRADIENT_COLUMNS, TransitError};

/// Σ weightᵢ ∂lightᵢ/∂θ, the light being what a planet adds and modulates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PhaseGradient {
    /// By each of [`GRADIENT_COLUMNS`].
    pub columns: [f64; GRADIENT_COLUMNS.len()],
    /// By day, night, beaming and ellipsoidal.
    pub amplitudes: [f64; 4],
}

impl PhaseCurve {
    /// Σ weightᵢ ∂lightᵢ/∂θ of the light of [`PhaseCurve`] around the transits of `shape`, without the delay of light:
    ///
    /// ```text
    /// light = p V + beaming sin φ − ellipsoidal cos 2φ,   p = night + (day − night) (1 − cos φ)/2,   φ = 2π (t − t_c)/P
    /// V     = 1 − dip/k²,   the dip of a uniform star in the eclipse's orbit
    /// ```
    ///
    /// sin φ and so on being means over the exposure, of which the factor sin x/x, x = π exposure_time/P, depends on P too.
    /// Derivatives of means of eclipses over exposures are as rough as those of
    /// [`weighted_flux_gradient`](TransitShape::weighted_flux_gradient).
    pub(crate) fn weighted_gradient(
        &self,
        shape: &TransitShape,
        times: &[f64],
        exposure_time: f64,
        orbit_shape: OrbitShape,
        weights: &[f64],
        room: &mut FoldedGradient,
    ) -> Result<PhaseGradient, TransitError> {
        let eclipse = eclipse_of(shape, 0.0)?;
        let elements = shape.orbit().elements();
        let (k, frequency) = (shape.rp_rs(), 1.0 / elements.period);
        let mut hidden = vec![0.0; times.len()];
        if k > 0.0 {
            eclipse.subtract_dips(times, exposure_time, &mut hidden);
        }
        let per_area = if k > 0.0 { 1.0 / (k * k) } else { 0.0 };
        let (once, twice) = (blur(1.0, exposure_time, elements.period), blur(2.0, exposure_time, elements.period));

        let mut amplitudes = [0.0; 4];
        let (mut by_phase, mut late_by_phase, mut by_once, mut by_twice, mut by_area) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let swing = 0.5 * (self.day - self.night);
        // of V through the dip, put in the place of what is hidden
        for ((weight, time), hidden) in weights.iter().zip(times).zip(&mut hidden) {
            let since = time - elements.transit_time;
            let (sin, cos) = (TAU * (since * frequency).fract()).sin_cos();
            let (sin_twice, cos_twice) = (2.0 * sin * cos, cos * cos - sin * sin);
            let lit = 0.5 * (1.0 - once * cos);
            let seen = weight * (1.0 + *hidden * per_area).max(0.0);
            let planet = weight * (self.night + 2.0 * swing * lit);
            amplitudes[0] += seen * lit;
            amplitudes[1] += seen * (1.0 - lit);
            amplitudes[2] += weight * once * sin;
            amplitudes[3] -= weight * twice * cos_twice;
            let turning = once * (seen * swing * sin + weight * self.beaming * cos)
                + 2.0 * weight * self.ellipsoidal * twice * sin_twice;
            by_phase += turning;
            late_by_phase += turning * since;
            by_once += weight * self.beaming * sin - seen * swing * cos;
            by_twice -= weight * self.ellipsoidal * cos_twice;
            by_area += planet * *hidden;
            *hidden = planet * per_area;
        }
        let mut columns = [0.0; GRADIENT_COLUMNS.len()];
        if k > 0.0 {
            let of_eclipse = eclipse.weighted_flux_gradient(times, exposure_time, orbit_shape, &hidden, room);
            columns = EclipseSlopes::new(shape.orbit(), &eclipse).pull_back(&of_eclipse);
            columns[ELEMENTS] -= 2.0 * by_area * per_area / k;
        }
        columns[0] -= TAU * frequency * by_phase;
        let by_blur = |multiple: f64| {
            let x = multiple * PI * exposure_time * frequency;
            (blur(multiple, exposure_time, elements.period) - x.cos()) * frequency
        };
        columns[1] += by_once * by_blur(1.0) + by_twice * by_blur(2.0) - TAU * frequency * frequency * late_by_phase;
        Ok(PhaseGradient { columns, amplitudes })
    }
}

/// Derivatives of the elements of the orbit seen from behind by those of the orbit.
///
/// ```text
/// transit_time′ = transit_time + P (M(3π/2 − ω) − M(π/2 − ω)) / 2π,   b′ = b (1 + e sin ω) / (1 − e sin ω),   ω′ = ω + π
/// ```
struct EclipseSlopes {
    time_by_period: f64,
    time_by_ecc: f64,
    time_by_omega: f64,
    b_by_b: f64,
    b_by_ecc: f64,
    b_by_omega: f64,
}

impl EclipseSlopes {
    fn new(orbit: &Orbit, eclipse: &TransitShape) -> Self {
        let elements = orbit.elements();
        let (ecc, b, period) = (elements.ecc, elements.impact_parameter, elements.period);
        let (s, c) = elements.omega.sin_cos();
        let (towards, away) = (1.0 + ecc * s, 1.0 - ecc * s);
        // sine and cosine of f are cos ω and sin ω at inferior conjunction, minus that at superior conjunction
        let (near_by_true, near_by_ecc) = mean_anomaly_slopes(c, s, ecc);
        let (far_by_true, far_by_ecc) = mean_anomaly_slopes(-c, -s, ecc);
        let per_radian = period / TAU;
        Self {
            time_by_period: (eclipse.orbit().elements().transit_time - elements.transit_time) / period,
            time_by_ecc: per_radian * (far_by_ecc - near_by_ecc),
            time_by_omega: per_radian * (near_by_true - far_by_true),
            b_by_b: towards / away,
            b_by_ecc: 2.0 * b * s / (away * away),
            b_by_omega: 2.0 * b * ecc * c / (away * away),
        }
    }

    /// From derivatives by the eclipse's columns to those by the transit's, the radius ratio being that of both.
    fn pull_back(&self, of_eclipse: &[f64]) -> [f64; GRADIENT_COLUMNS.len()] {
        let (by_time, by_b) = (of_eclipse[0], of_eclipse[3]);
        [
            by_time,
            of_eclipse[1] + by_time * self.time_by_period,
            of_eclipse[2],
            by_b * self.b_by_b,
            of_eclipse[4] + by_time * self.time_by_ecc + by_b * self.b_by_ecc,
            of_eclipse[5] + by_time * self.time_by_omega + by_b * self.b_by_omega,
            of_eclipse[6],
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transit::{OrbitElements, Quadratic, SystemModel, SystemPlanet};

    const TRUE: [f64; GRADIENT_COLUMNS.len()] = [0.2, 1.7, 5.0, 0.3, 0.25, 0.9, 0.12];
    const AMPLITUDES: [f64; 4] = [9e-4, 2e-4, 3e-5, 8e-5];

    fn parts(columns: &[f64], amplitudes: [f64; 4]) -> (TransitShape, PhaseCurve) {
        let [transit_time, period, a_rs, impact_parameter, ecc, omega, k] = columns.try_into().unwrap();
        let elements = OrbitElements { period, transit_time, a_rs, impact_parameter, ecc, omega };
        let shape = TransitShape::new(Orbit::new(elements).unwrap(), k, Quadratic { u1: 0.3, u2: 0.2 }).unwrap();
        let [day, night, beaming, ellipsoidal] = amplitudes;
        (shape, PhaseCurve { day, night, beaming, ellipsoidal })
    }

    /// Σ weight light, the light being what is left of the flux when the transits are given back.
    fn sum(columns: &[f64], amplitudes: [f64; 4], times: &[f64], exposure: f64, weights: &[f64]) -> f64 {
        let (shape, curve) = parts(columns, amplitudes);
        let planets = vec![SystemPlanet::with_light(shape, curve, 0.0).unwrap()];
        let (mut with, mut without) = (vec![0.0; times.len()], vec![1.0; times.len()]);
        SystemModel { planets, third_light: 0.0 }.flux_into(times, exposure, &mut with);
        shape.subtract_dips(times, exposure, &mut without);
        with.iter().zip(without).zip(weights).map(|((a, b), w)| w * (a - b)).sum()
    }

    #[test]
    fn agrees_with_differences() {
        let times: Vec<f64> = (0..60_000).map(|i| 2e-4 * f64::from(i)).collect();
        let weights: Vec<f64> = times.iter().map(|t| 1.0 + (9.0 * t).sin() + 0.4 * (3.1 * t).cos()).collect();
        let grazing = [0.2, 1.7, 5.0, 0.8, 0.25, 0.9, 0.2];
        let very_eccentric = [0.2, 1.7, 12.0, 0.2, 0.8, -0.7, 0.12];
        // what rounding and the few points at contacts leave of differences; of exposures, the folded derivatives' own error
        for (what, columns, exposure, tolerance) in [
            ("instants", TRUE, 0.0, 3e-4),
            ("grazing", grazing, 0.0, 3e-4),
            ("very eccentric", very_eccentric, 0.0, 1e-3),
            ("exposures", TRUE, 0.02, 0.01),
        ] {
            let (shape, curve) = parts(&columns, AMPLITUDES);
            let found = curve
                .weighted_gradient(&shape, &times, exposure, OrbitShape::Eccentric, &weights, &mut Default::default())
                .unwrap();
            for i in 0..columns.len() {
                let at = |h: f64| {
                    let mut there = columns;
                    there[i] += h;
                    sum(&there, AMPLITUDES, &times, exposure, &weights)
                };
                // more would take points over contacts, where second derivatives are infinite
                let h = 1e-6 * columns[i].abs();
                let wanted = (at(h) - at(-h)) / (2.0 * h);
                let (found, name) = (found.columns[i], GRADIENT_COLUMNS[i]);
                assert!((found - wanted).abs() < tolerance * wanted.abs(), "{what} {name}: {found} {wanted}");
            }
            for i in 0..4 {
                // linear in each
                let mut without = AMPLITUDES;
                without[i] = 0.0;
                let at = |amplitudes| sum(&columns, amplitudes, &times, exposure, &weights);
                let wanted = (at(AMPLITUDES) - at(without)) / AMPLITUDES[i];
                let off = (found.amplitudes[i] - wanted).abs();
                assert!(off < 1e-8 * wanted.abs(), "{what} {i}: {} {wanted}", found.amplitudes[i]);
            }
        }
    }
}
