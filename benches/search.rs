//! CPU time of the search of one light curve, for the workloads that peers are measured on.
//!
//! `s1`: 18,000 points at 2 min over 27 d, periods 0.5 to 13.5 d. `s3`: 65,000 points at 29.4 min over 1460 d, periods 0.5 to
//! 400 d. White noise, so one pass; the star's density is either known (solar) or not.

use std::hint::black_box;

use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, bls, search};
use antumbra::star::Measured;
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

fn noise(n: usize, baseline: f64, sigma: f64) -> Detrended {
    let mut rng = StdRng::seed_from_u64(101);
    let time: Vec<f64> = (0..n).map(|i| baseline * i as f64 / (n - 1) as f64).collect();
    let flux = (0..n).map(|_| 1.0 + sigma * rng.sample::<f64, _>(StandardNormal)).collect();
    let curve = LightCurve::single_segment("bench", time, flux, vec![sigma; n], TimeSystem::UNKNOWN)
        .expect("a valid light curve");
    Detrended::already_flat(&curve, &CadenceMask::keep_all(n)).expect("a valid light curve")
}

fn searches(criterion: &mut Criterion) {
    let solar = Some(Measured { value: 1.0, err: 0.05 });
    for (name, n, baseline, period_max, sigma) in
        [("s1", 18_000, 27.0, 13.5, 1e-3), ("s3", 65_000, 1460.0, 400.0, 2e-4)]
    {
        let data = noise(n, baseline, sigma);
        let config = SearchConfig { period_min: 0.5, period_max: Some(period_max), ..SearchConfig::default() };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("any star", |b| b.iter(|| search(black_box(&data), &config, None)));
        group.bench_function("known star", |b| b.iter(|| search(black_box(&data), &config, solar)));
        group.finish();
    }
    let data = noise(18_000, 27.0, 1e-3);
    let periods: Vec<f64> = (0..100).map(|i| 0.5 + 0.13 * f64::from(i)).collect();
    let durations: Vec<f64> = (0..10).map(|i| 0.5 / 24.0 * 16f64.powf(f64::from(i) / 9.0)).collect();
    criterion.bench_function("plain bls, 100 periods of s1", |b| {
        b.iter(|| bls(data.time(), data.flux(), data.flux_err(), black_box(&periods), &durations, 10));
    });
}

criterion_group!(benches, searches);
criterion_main!(benches);
