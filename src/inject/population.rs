//! Draws the stars of a population.

use std::f64::consts::PI;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::config::{
    BinaryConfig, FlareConfig, GranulationConfig, PlanetConfig, RotationConfig, SimulateConfig, StarConfig,
};
use super::random::stream;

/// Evenly distributed in the logarithm.
pub(super) fn log_uniform(rng: &mut impl Rng, [low, high]: [f64; 2]) -> f64 {
    low * (high / low).powf(rng.random::<f64>())
}

/// A main-sequence star of 0.4 to 1.4 solar masses with the noise and companions of the population.
pub(super) fn draw(config: &SimulateConfig, target_id: &str) -> StarConfig {
    let population = &config.population;
    let rng = &mut stream(config.seed, target_id, "star");
    let mass = log_uniform(rng, [0.4, 1.4]);
    // R ∝ M^0.8 and Teff ∝ M^0.55 follow the main sequence within 10 % here.
    let scatter: f64 = StandardNormal.sample(rng);
    let radius = mass.powf(0.8) * (1.0 + 0.05 * scatter.clamp(-3.0, 3.0));
    let mut star = StarConfig {
        target_id: target_id.into(),
        mass_msun: mass,
        radius_rsun: radius,
        teff_k: 5772.0 * mass.powf(0.55),
        q1: rng.random_range(0.2..0.5),
        q2: rng.random_range(0.2..0.5),
        level: log_uniform(rng, [200.0, 50_000.0]),
        white_noise: log_uniform(rng, population.white_noise),
        granulation: Some(GranulationConfig {
            amplitude: log_uniform(rng, [2e-5, 2e-4]),
            timescale: log_uniform(rng, [0.1, 1.0]),
        }),
        ..StarConfig::default()
    };
    if rng.random::<f64>() < population.rotation_fraction {
        let period = log_uniform(rng, [1.5, 25.0]);
        star.rotation = Some(RotationConfig {
            amplitude: log_uniform(rng, [3e-4, 1e-2]),
            period,
            quality: log_uniform(rng, [3.0, 12.0]),
        });
        if mass < 0.6 {
            star.flares = Some(FlareConfig { rate: 0.2, amplitude: 0.01 });
        }
    }
    let kind: f64 = rng.random();
    if kind < population.binary_fraction {
        let period = log_uniform(rng, population.period);
        let radius_ratio = rng.random_range(0.3..0.95);
        let surface_brightness: f64 = log_uniform(rng, [0.02, 1.0]);
        star.binary = Some(BinaryConfig {
            period,
            transit_time: period * rng.random::<f64>(),
            radius_ratio,
            impact_parameter: rng.random_range(0.0..1.0 + 0.7 * radius_ratio),
            surface_brightness,
            third_light: if rng.random::<f64>() < 0.3 { rng.random_range(0.3..0.98) } else { 0.0 },
        });
    } else if kind < population.binary_fraction + population.planet_fraction {
        let count = match rng.random::<f64>() {
            x if x < 0.75 => 1,
            x if x < 0.93 => 2,
            _ => 3,
        };
        let mut period = log_uniform(rng, population.period);
        for _ in 0..count {
            let rp_rs = log_uniform(rng, population.rp_rs);
            let ecc = if rng.random::<f64>() < 0.3 { 0.3 * rng.random::<f64>() } else { 0.0 };
            star.planets.push(PlanetConfig {
                period,
                transit_time: period * rng.random::<f64>(),
                rp_rs,
                impact_parameter: 0.9 * rng.random::<f64>(),
                ecc,
                omega: if ecc > 0.0 { 2.0 * PI * rng.random::<f64>() } else { 0.0 },
            });
            // Neighbours lie beyond the 3:2 commensurability.
            period *= rng.random_range(1.55..2.6);
        }
    }
    star
}
