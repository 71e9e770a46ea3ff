//! Derivatives of the light that the model predicts, weighted by those of ln L and summed.

use super::{Room, add, add_eccentricity};
use crate::fit::joint::model::{Eccentricity, Instrument, Law, Model, Planet, Points, Size, Transit, middle};
use crate::transit::{
    FoldedGradient, GRADIENT_COLUMNS, OrbitElements, OrbitShape, PhaseCurve, PhaseGradient, TransitShape,
};

/// Adds Σ weightᵢ ∂fluxᵢ/∂θ to `out`, the weights being minus `room.by_residual` and `room.flux` the model at these values.
pub(super) fn add_flux_gradient(
    model: &Model,
    instrument: &Instrument,
    values: &[f64],
    points: &Points,
    room: &mut Room,
    out: &mut [f64],
) {
    let Room { by_residual, flux, weights: inner, dips, .. } = room;
    let share = 1.0 - instrument.third_light.get(values);
    let (level, slope) = (instrument.baseline.get(values), instrument.slope.get(values));
    let centre = middle(&points.time);
    let (mut by_level, mut by_slope, mut by_share) = (0.0, 0.0, 0.0);
    // of what planets do alone
    inner.clear();
    for ((by, flux), t) in by_residual.iter().zip(flux.iter()).zip(&points.time) {
        let weight = -by;
        let whole = level + slope * (t - centre);
        let seen = flux / whole;
        by_level += weight * seen;
        by_slope += weight * seen * (t - centre);
        by_share += weight * whole * (seen - 1.0);
        inner.push(weight * whole * share);
    }
    add(out, instrument.baseline, by_level);
    add(out, instrument.slope, by_slope);
    if share > 0.0 {
        add(out, instrument.third_light, -by_share / share);
    }
    let part = Part { model, instrument, values, times: &points.time, weights: inner };
    for planet in &model.planets {
        if let Some(transit) = &planet.transit {
            part.add_planet_gradient(planet, transit, dips, out);
        }
    }
}

/// One light curve and the weights of what planets do to it.
struct Part<'a> {
    model: &'a Model,
    instrument: &'a Instrument,
    values: &'a [f64],
    /// From the model's reference.
    times: &'a [f64],
    weights: &'a [f64],
}

impl Part<'_> {
    fn add_planet_gradient(&self, planet: &Planet, transit: &Transit, room: &mut FoldedGradient, out: &mut [f64]) {
        let (values, law) = (self.values, self.instrument.law);
        let Some(orbit) = planet.orbit(values, self.model.reference) else { return };
        let Some(limb_darkening) = law.get(values) else { return };
        let Ok(shape) = TransitShape::new(orbit, transit.rp_rs.get(values), limb_darkening) else { return };
        let kind = match planet.eccentricity {
            Eccentricity::Circular => OrbitShape::CircularIfZero,
            Eccentricity::Direct { .. } | Eccentricity::Roots { .. } => OrbitShape::Eccentric,
        };
        let exposure_time = self.instrument.exposure_time;
        if transit.transit_times.is_empty() {
            let sums = shape.weighted_flux_gradient(self.times, exposure_time, kind, self.weights, room);
            add(out, planet.transit_time, sums[0]);
            add_by_elements((planet, transit), &sums, orbit.elements(), values, out);
            add_by_law(law, &sums[GRADIENT_COLUMNS.len()..], values, out);
        } else if let Some(sums) = self.transits_of_their_own(transit, &shape, kind, room, out) {
            add_by_elements((planet, transit), &sums, orbit.elements(), values, out);
            add_by_law(law, &sums[GRADIENT_COLUMNS.len()..], values, out);
        }
        let Some(slots) = transit.phase_curve else { return };
        let [day, night, beaming, ellipsoidal] = slots.map(|s| s.get(values));
        let curve = PhaseCurve { day, night, beaming, ellipsoidal };
        let light = curve.weighted_gradient(&shape, self.times, exposure_time, kind, self.weights, room);
        let Ok(PhaseGradient { columns, amplitudes }) = light else { return };
        // phases and eclipses keep the orbit's time, whatever times transits have
        add(out, planet.transit_time, columns[0]);
        add_by_elements((planet, transit), &columns, orbit.elements(), values, out);
        slots.iter().zip(amplitudes).for_each(|(slot, by)| add(out, *slot, by));
    }

    /// Adds derivatives by times of transits, and sums those by all else; none where no transit was observed.
    fn transits_of_their_own(
        &self,
        transit: &Transit,
        shape: &TransitShape,
        kind: OrbitShape,
        room: &mut FoldedGradient,
        out: &mut [f64],
    ) -> Option<Vec<f64>> {
        let exposure_time = self.instrument.exposure_time;
        let half_window = 0.5 * (shape.duration() + exposure_time);
        let centre = shape.contacts().map_or(0.0, |c| 0.5 * (c.t1 + c.t4));
        let of_orbit = shape.orbit().elements().transit_time;
        let mut sums: Option<Vec<f64>> = None;
        for slot in &transit.transit_times {
            let own = slot.get(self.values) - self.model.reference;
            let before = |end: f64| self.times.partition_point(|t| *t < own + centre + end);
            let range = before(-half_window)..before(half_window);
            if range.is_empty() {
                continue;
            }
            // as if it were the transit of the orbit
            let time: Vec<f64> = self.times[range.clone()].iter().map(|t| t - own + of_orbit).collect();
            let of_transit = shape.weighted_flux_gradient(&time, exposure_time, kind, &self.weights[range], room);
            add(out, *slot, of_transit[0]);
            match &mut sums {
                Some(sums) => sums.iter_mut().zip(of_transit).for_each(|(s, t)| *s += t),
                None => sums = Some(of_transit),
            }
        }
        sums
    }
}

/// From derivatives by orbital elements (but the transit time) and radius ratio to those by parameters.
fn add_by_elements(
    (planet, transit): (&Planet, &Transit),
    sums: &[f64],
    elements: &OrbitElements,
    values: &[f64],
    out: &mut [f64],
) {
    let &[_, by_period, by_a_rs, by_impact_parameter, by_ecc, by_omega, by_rp_rs] = &sums[..7] else { return };
    add(out, planet.period, by_period);
    match transit.size {
        Size::ARs(slot) => add(out, slot, by_a_rs),
        // a/R* goes as the cube root of ρ P²
        Size::RhoStar(slot) => {
            add(out, slot, by_a_rs * elements.a_rs / (3.0 * slot.get(values)));
            add(out, planet.period, by_a_rs * 2.0 * elements.a_rs / (3.0 * elements.period));
        }
    }
    add(out, transit.impact_parameter, by_impact_parameter);
    add(out, transit.rp_rs, by_rp_rs);
    add_eccentricity(out, planet.eccentricity, (by_ecc, by_omega), values);
}

/// From derivatives by coefficients of the law to those by parameters.
fn add_by_law(law: Law, by_coefficients: &[f64], values: &[f64], out: &mut [f64]) {
    match law {
        Law::Kipping(q1, q2) => {
            let (root, share) = (q1.get(values).sqrt(), q2.get(values));
            let (by_u1, by_u2) = (by_coefficients[0], by_coefficients[1]);
            if root > 0.0 {
                add(out, q1, (by_u1 * share + by_u2 * (0.5 - share)) / root);
            }
            add(out, q2, 2.0 * root * (by_u1 - by_u2));
        }
        Law::Coefficients(_, slots) => {
            slots.iter().zip(by_coefficients).for_each(|(slot, by)| add(out, *slot, *by));
        }
    }
}
