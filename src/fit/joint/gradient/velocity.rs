//! Derivatives of a star's velocities by orbits and trends, weighted by those of ln L and summed.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::{add, add_eccentricity};
use crate::fit::joint::model::{Model, Planet, Points, VelocityModel};
use crate::transit::kepler::{eccentric_anomalies_into, mean_anomaly_at_true, mean_anomaly_slopes, true_anomaly};

/// Adds Σ weightᵢ ∂velocityᵢ/∂θ to `out`.
pub(super) fn add_velocity_gradient(
    model: &Model,
    series: &VelocityModel,
    values: &[f64],
    points: &Points,
    weights: &[f64],
    out: &mut [f64],
) {
    let (mut level, mut slope, mut bend) = (0.0, 0.0, 0.0);
    for (weight, t) in weights.iter().zip(&points.time) {
        let dt = t - model.velocity_middle;
        level += weight;
        slope += weight * dt;
        bend += weight * dt * dt;
    }
    add(out, series.offset, level);
    add(out, series.trend, slope);
    add(out, series.curvature, bend);
    model.planets.iter().for_each(|planet| add_orbit_gradient(planet, model.reference, values, points, weights, out));
}

/// The part of one planet, V = K [cos(f + ω) + e cos ω] (Murray & Correia 2010, in Exoplanets, ed. Seager, eq. 65–66), f the
/// true anomaly at a mean anomaly that counts from the transit at t_c, where f = π/2 − ω:
///
/// ```text
/// M = M_c(e, ω) + 2π (t − t_c) / P
/// ∂V/∂M   = −K sin(f + ω) √(1 − e²) / r²                      r = 1 − e cos E
/// ∂V/∂t_c = −2π/P ∂V/∂M,   ∂V/∂P = −2π (t − t_c)/P² ∂V/∂M,   ∂V/∂K = V/K
/// ∂V/∂e   = ∂V/∂M ∂M_c/∂e − K sin(f + ω) ∂f/∂e + K cos ω      ∂f/∂e at the same M = sin f (1/r + 1/(1 − e²))
/// ∂V/∂ω   = ∂V/∂M ∂M_c/∂ω − K sin(f + ω) − K e sin ω          ∂M_c/∂ω = −∂M/∂f
/// ```
///
/// The transit is held where it is as e and ω change, so the time of periastron moves: that is what ∂M_c is for, derived from
/// Kepler's equation ([`mean_anomaly_slopes`]).
fn add_orbit_gradient(
    planet: &Planet,
    reference: f64,
    values: &[f64],
    points: &Points,
    weights: &[f64],
    out: &mut [f64],
) {
    let Some(semi_amplitude) = planet.rv_semi_amplitude else { return };
    let (period, transit_time) = (planet.period.get(values), planet.transit_time.get(values) - reference);
    let (ecc, omega) = planet.eccentricity.get(values);
    let (sin_w, cos_w) = omega.sin_cos();
    let at_transit = mean_anomaly_at_true(FRAC_PI_2 - omega, ecc);
    let mean = |t: &f64| {
        let turns = (t - transit_time) / period;
        at_transit + TAU * (turns - turns.round())
    };
    let mean: Vec<f64> = points.time.iter().map(mean).collect();
    let mut eccentric = vec![0.0; mean.len()];
    eccentric_anomalies_into(&mean, ecc, &mut eccentric);

    let minor2 = (1.0 - ecc) * (1.0 + ecc);
    let (minor, inverse_minor2) = (minor2.sqrt(), 1.0 / minor2);
    // sums of V/K, of ∂V/∂M and that times t − t_c, and of what e and ω change at the same M; all but the first over −K
    let (mut value, mut phase, mut late_phase, mut by_ecc, mut turn) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for ((weight, t), anomaly) in weights.iter().zip(&points.time).zip(eccentric) {
        let (sin_f, cos_f, r) = true_anomaly(anomaly, ecc);
        let sine = weight * (sin_f * cos_w + cos_f * sin_w);
        let inverse_r = 1.0 / r;
        let by_mean = sine * minor * inverse_r * inverse_r;
        value += weight * (cos_f * cos_w - sin_f * sin_w + ecc * cos_w);
        phase += by_mean;
        late_phase += by_mean * (t - transit_time);
        by_ecc += sine * sin_f * (inverse_r + inverse_minor2) - weight * cos_w;
        turn += sine + weight * ecc * sin_w;
    }
    let k = semi_amplitude.get(values);
    let mean_motion = TAU / period;
    let (by_true_anomaly, transit_by_ecc) = mean_anomaly_slopes(cos_w, sin_w, ecc);
    add(out, semi_amplitude, value);
    add(out, planet.transit_time, k * mean_motion * phase);
    add(out, planet.period, k * mean_motion * late_phase / period);
    let (by_ecc, by_omega) = (-k * (phase * transit_by_ecc + by_ecc), -k * (turn - phase * by_true_anomaly));
    add_eccentricity(out, planet.eccentricity, (by_ecc, by_omega), values);
}
