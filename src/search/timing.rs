//! How long the exact evaluation of one signal takes. Run with
//! `cargo test --release --lib search::timing -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

use super::events::transit_events;
use super::polish::polish;
use super::refine::{DurationLimits, PeriodicBox, refine};
use super::series::Series;
use super::slots::RedNoise;

/// Median time of one call in microseconds.
fn microseconds<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..3 {
                black_box(call());
            }
            1e6 / 3.0 * start.elapsed().as_secs_f64()
        })
        .collect();
    crate::math::median_in_place(&mut times)
}

#[test]
#[ignore = "a measurement"]
fn exact_evaluation_in_microseconds() {
    for (name, n, days, period, duration) in [
        ("s1, P = 3.7 d", 18_000, 27.0, 3.7, 0.11),
        ("s3, P = 87 d", 65_000, 1460.0, 87.0, 0.33),
        ("s3, P = 1.2 d", 65_000, 1460.0, 1.2, 0.08),
    ] {
        let mut rng = StdRng::seed_from_u64(5);
        let time: Vec<f64> = (0..n).map(|i| days * f64::from(i) / f64::from(n)).collect();
        let t0 = 0.37 * period;
        let inside = |t: &&f64| (*t - t0 + 0.5 * duration).rem_euclid(period) < duration;
        let sigma = 1e-3 * (time.iter().filter(inside).count() as f64).sqrt() / 12.0;
        let flux: Vec<f64> = time
            .iter()
            .map(|t| 1.0 - if inside(&t) { 1e-3 } else { 0.0 } + sigma * rng.sample::<f64, _>(StandardNormal))
            .collect();
        let series = Series::from_columns(&time, &flux, &vec![sigma; time.len()]);
        let noise = RedNoise { events: Vec::new() };
        let slot = 0.8 * duration / 3.0;
        let trial = period + 0.5 * slot * period / days;
        let limits = DurationLimits { shortest: 0.3 * duration, longest: 3.0 * duration };
        let start = PeriodicBox { period: trial, transit_time: t0 + 0.3 * slot, duration: 0.9 * duration };
        let Some(fit) = refine(&series, start, 1.5 * slot, limits, &noise) else { panic!("no box") };
        let PeriodicBox { period, transit_time, duration } = fit.shape;
        println!("{name}: {fit:?}");
        println!("  refine        {:8.1}", microseconds(|| refine(&series, start, 1.5 * slot, limits, &noise)));
        println!("  box statistic {:8.1}", microseconds(|| series.box_statistic(period, transit_time, duration)));
        println!("  events        {:8.1}", microseconds(|| transit_events(&series, &fit.shape)));
        println!("  polish        {:8.1}", microseconds(|| polish(&series, &fit, 1.0)));
    }
}
