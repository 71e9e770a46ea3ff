//! One planet, one band: cost of a log posterior, and effective samples per CPU second of the whole fit.
//!
//! The workload is 1,000 points in windows round 20 transits (k = 0.1, b = 0.3, P = 3.7 d, 500 ppm) with eight parameters:
//! transit time, ln period, ln density, impact parameter, radius ratio, q1, q2, ln jitter. emcee with batman reaches 23 to
//! 30 effective samples of the worst parameter per CPU second on it.

use std::f64::consts::PI;
use std::time::Instant;

use antumbra::ephemeris::{Candidate, Ephemeris};
use antumbra::fit::{Baseline, ExposureHandling, FitConfig, FitData, ParameterTable, Posterior, Prior, fit_candidate};
use antumbra::sample::LogDensity;
use antumbra::star::{Star, a_over_rstar};
use antumbra::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};
use criterion::{Criterion, criterion_group};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

fn workload(exposure_time: f64) -> (FitData, Candidate, FitConfig) {
    let (period, t0, k, b) = (3.7, 0.5, 0.1, 0.3);
    let a = a_over_rstar(period, 1.0);
    let shape = TransitShape::new(
        Orbit::new(OrbitElements::circular(period, t0, a, b)).unwrap(),
        k,
        Quadratic { u1: 0.4, u2: 0.2 },
    )
    .unwrap();
    let duration = period / PI * (((1.0 + k) * (1.0 + k) - b * b).sqrt() / a).asin();
    let mut rng = StdRng::seed_from_u64(707);
    let mut time = Vec::new();
    for epoch in -10..10 {
        for i in 0..50 {
            let place = -1.25 + 2.5 * f64::from(i) / 49.0 + 0.01 * rng.random_range(-1.0..1.0);
            time.push(t0 + period * f64::from(epoch) + place * duration);
        }
    }
    let mut flux = light_curve(&shape, &time, exposure_time);
    flux.iter_mut().for_each(|f| *f += 500e-6 * rng.sample::<f64, _>(StandardNormal));
    let candidate = Candidate::known(Ephemeris { period, transit_time: t0 }, duration, 0.011);
    let data = FitData::from_columns(&time, &flux, &vec![450e-6; time.len()], exposure_time, &candidate).unwrap();
    let priors = [
        ("transit_time", Prior::Normal { mean: 0.5, sigma: 0.01 }),
        ("period", Prior::LogNormal { median: 3.7, sigma: 1e-3 }),
        ("rho_star", Prior::LogNormal { median: 1.0, sigma: 0.5 }),
        ("impact_parameter", Prior::Uniform { low: 0.0, high: 1.0 }),
        ("rp_rs", Prior::Uniform { low: 0.0, high: 0.3 }),
        ("jitter", Prior::LogNormal { median: (-8.5f64).exp(), sigma: 2.0 }),
    ];
    let config = FitConfig {
        baseline: Baseline::Fixed,
        exposure: ExposureHandling::Integrate,
        priors: priors.into_iter().map(|(n, p)| (n.to_string(), p)).collect(),
        ..FitConfig::default()
    };
    (data, candidate, config)
}

fn log_posterior(c: &mut Criterion) {
    for (label, exposure) in [("instantaneous", 0.0), ("2 min", 2.0 / 1440.0), ("30 min", 30.0 / 1440.0)] {
        let (data, candidate, config) = workload(exposure);
        let table = ParameterTable::new(&data, &candidate, &Star::default(), &config).unwrap();
        let posterior = Posterior::new(&data, &table, config.exposure);
        let x = [0.0, 0.0, (1.06f64 / 10.07).ln(), 0.3, 0.1, 0.36, 0.333, (200e-6f64).ln()];
        assert!(posterior.log_density(&x).is_finite());
        c.bench_function(&format!("log posterior, 1000 points, {label}"), |b| {
            b.iter(|| posterior.log_density(std::hint::black_box(&x)))
        });
    }
}

/// CPU seconds of this thread where the system tells, else seconds by the clock.
fn cpu_seconds(since: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok())
        .map_or_else(|| since.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

/// Effective samples of the worst parameter over the time of the whole fit, which is serial.
fn effective_samples() {
    for (label, exposure) in [("instantaneous", 0.0), ("2 min", 2.0 / 1440.0), ("30 min", 30.0 / 1440.0)] {
        let (data, candidate, config) = workload(exposure);
        let clock = Instant::now();
        let start = cpu_seconds(clock);
        let fit = fit_candidate(&data, &candidate, &Star::default(), &config, 1).unwrap();
        let seconds = cpu_seconds(clock) - start;
        let ess = fit.sampled.iter().map(|s| s.ess_bulk.min(s.ess_tail)).fold(f64::INFINITY, f64::min);
        let d = &fit.diagnostics;
        let tau = d.tau.iter().copied().fold(0.0, f64::max);
        println!(
            "whole fit, {label}: {ess:.0} effective samples in {seconds:.2} CPU s, {:.0} a second; τ {tau:.0}, {} steps, \
             burn-in {}, acceptance {:.2}, {} evaluations, {:?}",
            ess / seconds,
            d.steps,
            d.burn_in,
            d.acceptance,
            d.evaluations,
            fit.status
        );
        println!("   τ {:?}", d.tau.iter().map(|t| t.round()).collect::<Vec<_>>());
        for s in fit.sampled.iter().chain(&fit.derived).filter(|s| s.median.is_finite()) {
            println!("   {:18} {:.6} ± {:.6}", s.name, s.median, s.sigma());
        }
    }
}

criterion_group!(benches, log_posterior);

fn main() {
    effective_samples();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
