//! Derivatives of what the model predicts of a series, weighted by those of ln L and summed.

use super::{Room, add};
use crate::fit::joint::model::{
    Eccentricity, Instrument, Law, Model, Planet, Points, Size, Transit, VelocityModel, middle,
};
use crate::fit::joint::table::Slot;
use crate::transit::{FoldedGradient, OrbitElements, OrbitShape, TransitShape};

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
    // of each dip alone
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
    let has_light = |p: &Planet| p.transit.as_ref().is_some_and(|t| t.phase_curve.is_some());
    if model.planets.iter().any(has_light) {
        let mut slots: Vec<Slot> = model.planets.iter().flat_map(Planet::light_slots).collect();
        slots.extend(instrument.law.slots());
        let weights: Vec<f64> = by_residual.iter().map(|by| -by).collect();
        add_differences(model, &slots, values, points, &weights, out, |values, out| {
            instrument.flux_into(&model.planets, values, model.reference, &points.time, out)
        });
        return;
    }
    for planet in &model.planets {
        if let Some(transit) = &planet.transit {
            add_dip_gradient(model, instrument, (planet, transit), values, points, inner, dips, out);
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "what a planet is, and where its derivatives go")]
fn add_dip_gradient(
    model: &Model,
    instrument: &Instrument,
    (planet, transit): (&Planet, &Transit),
    values: &[f64],
    points: &Points,
    weights: &[f64],
    dips: &mut FoldedGradient,
    out: &mut [f64],
) {
    let (Some(orbit), Some(law)) = (planet.orbit(values, model.reference), instrument.law.get(values)) else { return };
    let k = transit.rp_rs.get(values);
    let kind = match planet.eccentricity {
        Eccentricity::Circular => OrbitShape::CircularIfZero,
        Eccentricity::Direct { .. } | Eccentricity::Roots { .. } => OrbitShape::Eccentric,
    };
    if transit.transit_times.is_empty() {
        let Ok(shape) = TransitShape::new(orbit, k, law) else { return };
        let sums = shape.weighted_flux_gradient(&points.time, instrument.exposure_time, kind, weights, dips);
        add(out, planet.transit_time, sums[0]);
        add_by_elements((planet, transit), instrument.law, &sums, orbit.elements(), values, out);
        return;
    }
    let Ok(shape) = TransitShape::new(orbit, k, law) else { return };
    let half_window = 0.5 * (shape.duration() + instrument.exposure_time);
    let centre = shape.contacts().map_or(0.0, |c| 0.5 * (c.t1 + c.t4));
    let mut sums = Vec::new();
    for slot in &transit.transit_times {
        let own = slot.get(values) - model.reference;
        let before = |end: f64| points.time.partition_point(|t| *t < own + centre + end);
        let range = before(-half_window)..before(half_window);
        if range.is_empty() {
            continue;
        }
        // as if it were the transit of the orbit
        let time: Vec<f64> =
            points.time[range.clone()].iter().map(|t| t - own + orbit.elements().transit_time).collect();
        let of_transit = shape.weighted_flux_gradient(&time, instrument.exposure_time, kind, &weights[range], dips);
        add(out, *slot, of_transit[0]);
        sums.resize(of_transit.len(), 0.0);
        sums.iter_mut().zip(of_transit).for_each(|(s, t)| *s += t);
    }
    if !sums.is_empty() {
        add_by_elements((planet, transit), instrument.law, &sums, orbit.elements(), values, out);
    }
}

/// From derivatives by orbital elements (but the transit time), radius ratio and coefficients to those by parameters.
fn add_by_elements(
    (planet, transit): (&Planet, &Transit),
    law: Law,
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
    match planet.eccentricity {
        Eccentricity::Circular => {}
        Eccentricity::Direct { ecc, omega } => {
            add(out, ecc, by_ecc);
            add(out, omega, by_omega);
        }
        Eccentricity::Roots { cos, sin } => {
            let (c, s) = (cos.get(values), sin.get(values));
            // that by ω vanishes with e
            let per_e = if elements.ecc > 0.0 { by_omega / elements.ecc } else { 0.0 };
            add(out, cos, 2.0 * c * by_ecc - s * per_e);
            add(out, sin, 2.0 * s * by_ecc + c * per_e);
        }
    }
    match law {
        Law::Kipping(q1, q2) => {
            let (root, share) = (q1.get(values).sqrt(), q2.get(values));
            let (by_u1, by_u2) = (sums[7], sums[8]);
            if root > 0.0 {
                add(out, q1, (by_u1 * share + by_u2 * (0.5 - share)) / root);
            }
            add(out, q2, 2.0 * root * (by_u1 - by_u2));
        }
        Law::Coefficients(_, slots) => slots.iter().zip(&sums[7..]).for_each(|(slot, by)| add(out, *slot, *by)),
    }
}

/// Adds Σ weightᵢ ∂velocityᵢ/∂θ to `out`. Velocities are few.
pub(super) fn add_velocity_gradient(
    model: &Model,
    series: &VelocityModel,
    values: &[f64],
    points: &Points,
    weights: &[f64],
    out: &mut [f64],
) {
    let mut slots: Vec<Slot> = model.planets.iter().flat_map(Planet::velocity_slots).collect();
    slots.extend([series.offset, series.trend, series.curvature]);
    let middle = (model.reference, model.velocity_middle);
    add_differences(model, &slots, values, points, weights, out, |values, out| {
        series.velocity_into(&model.planets, values, middle, &points.time, out)
    });
}

/// Adds Σ weightᵢ ∂modelᵢ/∂θ for each free slot, by central differences, one-sided where a side is impossible.
fn add_differences(
    model: &Model,
    slots: &[Slot],
    values: &[f64],
    points: &Points,
    weights: &[f64],
    out: &mut [f64],
    predict: impl Fn(&[f64], &mut [f64]) -> bool,
) {
    /// Relative to a period for times, to the value for others.
    const STEP: f64 = 1e-6;
    let mut free: Vec<usize> =
        slots.iter().filter_map(|s| if let Slot::Free(i) = s { Some(*i) } else { None }).collect();
    free.sort_unstable();
    free.dedup();
    let span = match (points.time.first(), points.time.last()) {
        (Some(first), Some(last)) => last - first,
        _ => return,
    };
    let step = |i: usize| {
        let slot = Slot::Free(i);
        for planet in &model.planets {
            let period = planet.period.get(values);
            if planet.period == slot {
                return STEP * period / (1.0 + span / period);
            }
            let times = planet.transit.iter().flat_map(|t| &t.transit_times);
            if times.chain([&planet.transit_time]).any(|t| *t == slot) {
                return STEP * period;
            }
        }
        STEP * values[i].abs().max(1e-2)
    };
    let mut there = values.to_vec();
    let (mut up, mut down) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    for i in free {
        let h = step(i);
        let mut at = |value: f64, out: &mut [f64]| {
            there[i] = value;
            let possible = predict(&there, out);
            there[i] = values[i];
            possible
        };
        let (mut high, mut low) = (values[i] + h, values[i] - h);
        if !at(high, &mut up) {
            high = values[i];
            at(high, &mut up);
        }
        if !at(low, &mut down) {
            low = values[i];
            at(low, &mut down);
        }
        let sum: f64 = weights.iter().zip(&up).zip(&down).map(|((w, u), d)| w * (u - d)).sum();
        out[i] += sum / (high - low);
    }
}
