//! How long the stages of a search take. Run with
//! `cargo test --release --lib search::timing -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

use super::aliases::allowed_periods;
use super::config::SearchConfig;
use super::cumulative::Cumulative;
use super::events::{is_clear, other_events, transit_events};
use super::grid::DurationRange;
use super::harmonics::Harmonics;
use super::mask::{extent, mask_transits};
use super::measure::candidate;
use super::peaks::{DetectionEfficiency, find_peaks};
use super::plan::Plan;
use super::polish::polish;
use super::refine::{DurationLimits, PeriodicBox, refine};
use super::run::{Found, evaluate, search, without_own_transits};
use super::scan::{Scan, Scanner, red_noise};
use super::series::Series;
use super::singles::single_transits;
use super::slots::RedNoise;
use crate::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use crate::star::Measured;

/// Time of one call in microseconds: the least of many, since the rest were interrupted.
fn microseconds<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut least = f64::INFINITY;
    let begun = Instant::now();
    for i in 0..400 {
        let start = Instant::now();
        black_box(call());
        least = least.min(1e6 * start.elapsed().as_secs_f64());
        if i >= 2 && begun.elapsed().as_secs_f64() > 0.1 {
            break;
        }
    }
    least
}

/// A light curve of white noise with a box of S/N `snr`.
fn simulated(n: usize, days: f64, period: f64, duration: f64, snr: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut rng = StdRng::seed_from_u64(5);
    let time: Vec<f64> = (0..n).map(|i| days * i as f64 / n as f64).collect();
    let inside = |t: &&f64| (*t - 0.37 * period + 0.5 * duration).rem_euclid(period) < duration;
    let sigma = 1e-3 * (time.iter().filter(inside).count() as f64).sqrt() / snr;
    let flux = time
        .iter()
        .map(|t| 1.0 - if inside(&t) { 1e-3 } else { 0.0 } + sigma * rng.sample::<f64, _>(StandardNormal))
        .collect();
    (time, flux, vec![sigma; n])
}

#[test]
#[ignore = "a measurement"]
fn exact_evaluation_in_microseconds() {
    for (name, n, days, period, duration) in [
        ("s1, P = 3.7 d", 18_000, 27.0, 3.7, 0.11),
        ("s3, P = 87 d", 65_000, 1460.0, 87.0, 0.33),
        ("s3, P = 1.2 d", 65_000, 1460.0, 1.2, 0.08),
    ] {
        let (time, flux, err) = simulated(n, days, period, duration, 12.0);
        let series = Series::from_columns(&time, &flux, &err);
        let noise = RedNoise { events: Vec::new() };
        let slot = 0.8 * duration / 3.0;
        let trial = period + 0.5 * slot * period / days;
        let limits = DurationLimits { shortest: 0.3 * duration, longest: 3.0 * duration };
        let start = PeriodicBox { period: trial, transit_time: 0.37 * period + 0.3 * slot, duration: 0.9 * duration };
        let Some(fit) = refine(&series, start, 1.5 * slot, limits, &noise) else { panic!("no box") };
        let PeriodicBox { period, transit_time, duration } = fit.shape;
        println!("{name}: {fit:?}");
        println!("  refine        {:8.1}", microseconds(|| refine(&series, start, 1.5 * slot, limits, &noise)));
        println!("  box statistic {:8.1}", microseconds(|| series.box_statistic(period, transit_time, duration)));
        println!("  events        {:8.1}", microseconds(|| transit_events(&series, &fit.shape)));
        println!("  polish        {:8.1}", microseconds(|| polish(&series, &fit, 1.0)));
    }
}

#[test]
#[ignore = "a measurement"]
fn stages_of_a_search_in_microseconds() {
    let solar = Some(Measured { value: 1.0, err: 0.05 });
    for (name, n, days, period_max, period, duration) in [
        ("s1, P = 3.7 d", 18_000, 27.0, 13.5, 3.7, 0.11),
        ("s3, P = 87 d", 65_000, 1460.0, 400.0, 87.0, 0.33),
        ("s3, P = 3.2 d", 65_000, 1460.0, 400.0, 3.2, 0.11),
    ] {
        let (time, flux, err) = simulated(n, days, period, duration, 23.0);
        let curve = LightCurve::single_segment("t", time, flux, err, TimeSystem::UNKNOWN).unwrap();
        let data = Detrended::already_flat(&curve, &CadenceMask::keep_all(n)).unwrap();
        let config = SearchConfig { period_min: 0.5, period_max: Some(period_max), ..SearchConfig::default() };
        println!("{name}");
        stages(&data, &config, solar);
    }
}

fn stages(data: &Detrended, config: &SearchConfig, density: Option<Measured>) {
    let show = |stage: &str, time: f64| println!("  {stage:24} {time:9.1}");
    let series = Series::new(data);
    show("series", microseconds(|| Series::new(data)));
    let durations = DurationRange::new(config, density, series.cadence, config.period_min);
    let plan = Plan::new(config, durations, series.baseline, series.len()).unwrap();
    show("plan", microseconds(|| Plan::new(config, durations, series.baseline, series.len())));
    let mut scanner = Scanner::new();
    let pass = scanner.scan(&series, &plan);
    show("coarse pass", microseconds(|| scanner.scan(&series, &plan)));
    show("  of it red noise", microseconds(|| red_noise(&series, &plan)));
    show("periodogram copy", microseconds(|| pass.periodogram.clone()));
    show("peaks", microseconds(|| find_peaks(&pass.periodogram, 64, 5.6)));
    show("detection efficiency", microseconds(|| DetectionEfficiency::new(&pass.periodogram)));
    let Found::Candidate(found) = evaluate(&series, &pass, &plan, config) else { panic!("no candidate") };
    println!("  {:?}", found.fit);
    show("evaluate", microseconds(|| evaluate(&series, &pass, &plan, config)));
    one_peak(&series, &pass, &plan, config);
    let found = without_own_transits(&series, found, &pass.noise, &plan);
    show("without own transits", {
        let mut again = || match evaluate(&series, &pass, &plan, config) {
            Found::Candidate(found) => found,
            _ => panic!("no candidate"),
        };
        let with = microseconds(|| without_own_transits(&series, again(), &pass.noise, &plan));
        with - microseconds(&mut again)
    });
    show("transit events", microseconds(|| transit_events(&series, &found.fit.shape)));
    show("other events", microseconds(|| other_events(&series, &found.fit.shape, 5.0)));
    show("is clear", microseconds(|| is_clear(&series, found.fit.shape.transit_time, found.fit.shape.duration)));
    let polished = polish(&series, &found.fit, found.beta);
    println!("  {polished:?}");
    show("polish", microseconds(|| polish(&series, &found.fit, found.beta)));
    let mut masked = vec![false; series.len()];
    let mut mask = || {
        let (shape, half_width) = extent(&series, &found.fit, polished.as_ref());
        mask_transits(&series, &series, &shape, half_width, found.fit.statistic.depth, &mut masked);
    };
    show("mask", microseconds(&mut mask));
    let measured = candidate(&series, &found.fit, polished.as_ref(), found.beta, found.sde);
    show("candidate", microseconds(|| candidate(&series, &found.fit, polished.as_ref(), found.beta, found.sde)));
    show("series without", microseconds(|| series.without(&masked)));
    let rest = series.without(&masked);
    let second = scanner.scan(&rest, &plan);
    show("second coarse pass", microseconds(|| scanner.scan(&rest, &plan)));
    show("second evaluate", microseconds(|| evaluate(&rest, &second, &plan, config)));
    show("cumulative", microseconds(|| Cumulative::new(&series)));
    let allowed = || allowed_periods(&series, &measured, config.period_min, config.duty_cycle_max);
    show("allowed periods", microseconds(allowed));
    let candidates = [measured.clone()];
    show("single transits", microseconds(|| single_transits(&series, &candidates, config, density)));
    show("search", microseconds(|| search(data, config, density)));
}

fn one_peak(series: &Series, pass: &Scan, plan: &Plan, config: &SearchConfig) {
    let show = |stage: &str, time: f64| println!("    {stage:22} {time:9.1}");
    let peaks = find_peaks(&pass.periodogram, 64, 5.6);
    println!("    {} peaks, S/N {:.1?}", peaks.len(), peaks.iter().map(|p| p.snr).collect::<Vec<_>>());
    let start = pass.periodogram.start_of(peaks[0].cell);
    let limits = DurationLimits { shortest: 0.5 * start.duration, longest: 2.0 * start.duration };
    let slot = plan.slot_width(start.period);
    let Some(fit) = refine(series, start, 1.5 * slot, limits, &pass.noise) else { panic!("no box") };
    show("refine", microseconds(|| refine(series, start, 1.5 * slot, limits, &pass.noise)));
    let harmonics = Harmonics {
        series,
        noise: &pass.noise,
        period_min: plan.period_min,
        period_max: plan.period_max,
        min_transits: config.min_transits,
    };
    show("harmonics", microseconds(|| harmonics.settle(fit, slot, limits)));
}
