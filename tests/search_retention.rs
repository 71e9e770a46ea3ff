//! S/N that the search reports over that of the ideal matched filter, on noiseless injections.
//!
//! Periods log-uniform, durations 0.6 to 1.4 times that of a central transit of a Sun-like star, transit times uniform
//! and, for one in six, across the first time stamp; every second dip is a box, the others are curved like a transit of a
//! limb-darkened star. S/N of the matched filter is √Σ w (x − ⟨x⟩)², with x the dip put in, and is 20 for all.

use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, search};
use antumbra::star::{Measured, central_duration};
use rand::{RngExt, SeedableRng, rngs::StdRng};

fn profile(x: f64, curved: bool) -> f64 {
    match (x.abs() < 1.0, curved) {
        (false, _) => 0.0,
        (true, false) => 1.0,
        // quadratic limb darkening of a small planet on a central orbit, u = (0.48, 0.19), and a short ingress
        (true, true) => {
            let shade = 1.0 - (1.0 - x * x).sqrt();
            (1.0 - 0.48 * shade - 0.19 * shade * shade) * ((1.0 - x.abs()) / 0.05).min(1.0)
        }
    }
}

/// Retention of each injection, 0 where the period is wrong by half a per cent; boxes first, then curved ones.
fn retention(time: &[f64], exposure: f64, periods: (f64, f64), n: usize, seed: u64) -> [Vec<f64>; 2] {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut out = [Vec::new(), Vec::new()];
    let sigma = 2e-4;
    for i in 0..n {
        let period = (periods.0.ln() + rng.random::<f64>() * (periods.1 / periods.0).ln()).exp();
        let duration = (central_duration(period, 1.0) * (0.6 + 0.8 * rng.random::<f64>())).max(2.5 * exposure);
        let u: f64 = rng.random();
        let t0 = time[0] + if i % 6 == 0 { (0.8 * u - 0.4) * duration } else { u * period };
        let curved = i % 2 == 1;
        let mut x: Vec<f64> = time
            .iter()
            .map(|t| {
                let sum: f64 = (0..11)
                    .map(|s| {
                        let t = t + ((f64::from(s) + 0.5) / 11.0 - 0.5) * exposure - t0;
                        profile((t - (t / period).round() * period) / (0.5 * duration), curved)
                    })
                    .sum();
                sum / 11.0
            })
            .collect();
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let ideal = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt() / sigma;
        x.iter_mut().for_each(|v| *v *= 20.0 / ideal);
        let flux = x.iter().map(|v| 1.0 - v).collect();
        let lc =
            LightCurve::single_segment("t", time.to_vec(), flux, vec![sigma; x.len()], TimeSystem::UNKNOWN).unwrap();
        let data = Detrended::already_flat(&lc, &CadenceMask::keep_all(x.len())).unwrap();
        let config = SearchConfig {
            period_min: 0.95 * periods.0,
            period_max: Some(1.05 * periods.1),
            max_candidates: 1,
            ..SearchConfig::default()
        };
        let result = search(&data, &config, Some(Measured { value: 1.0, err: 0.0 })).unwrap();
        let found = result.candidates.first().filter(|c| (c.ephemeris.period / period - 1.0).abs() < 5e-3);
        let share = found.map_or(0.0, |c| c.snr / 20.0);
        out[usize::from(curved)].push(share);
    }
    out
}

fn check(name: &str, out: [Vec<f64>; 2], median: [f64; 2], decile: [f64; 2]) {
    for (k, mut values) in out.into_iter().enumerate() {
        values.sort_by(f64::total_cmp);
        let (m, d) = (values[values.len() / 2], values[values.len() / 10]);
        println!("{name} {}: median {m:.3}, worst decile {d:.3}", ["box", "curved"][k]);
        assert!(m >= median[k] && d >= decile[k], "{name} {k}: {values:.3?}");
    }
}

#[test]
fn tess_two_minutes() {
    let time: Vec<f64> = (0..19_440).map(|i| f64::from(i) * 2.0 / 1440.0).filter(|t| (t - 13.5).abs() > 0.9).collect();
    check("2 min", retention(&time, 2.0 / 1440.0, (0.6, 12.5), 24, 1), [0.99, 0.98], [0.985, 0.97]);
}

#[test]
fn kepler_quarters() {
    // four quarters: the period range reaches as deep into the few-transit régime as four years to 350 d do
    let step = 29.4244 / 1440.0;
    let mut rng = StdRng::seed_from_u64(2);
    let time: Vec<f64> =
        (0..17_800).map(|i| f64::from(i) * step).filter(|t| t % 91.25 > 1.6 && rng.random::<f64>() > 0.03).collect();
    check("long cadence", retention(&time, step, (0.6, 90.0), 24, 3), [0.985, 0.98], [0.965, 0.965]);
}

#[test]
fn uneven_ground_nights() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut time = Vec::new();
    for night in 0..90 {
        let start = f64::from(night % 45) * 3.0 + if night < 45 { 0.0 } else { 365.25 };
        time.extend((0..40).map(|_| start + rng.random::<f64>() / 3.0));
    }
    time.sort_by(f64::total_cmp);
    check("ground", retention(&time, 0.0, (0.6, 10.0), 24, 5), [0.99, 0.98], [0.985, 0.97]);
}
