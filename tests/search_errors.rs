//! Whether period, transit time, duration and depth of candidates scatter about the truth as their errors say.
//!
//! Boxes and limb-darkened transits at cadences of 2, 10 and 30 minutes, S/N 8 to 50 of the matched filter, seeded. The
//! duration put in is first to last contact; the depth of a limb-darkened transit, whose bottom is round, is the mean over
//! what a trapezoid takes for its flat part, taken here from the noiseless curve by a search of that.

use antumbra::ephemeris::Candidate;
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, search};
use antumbra::star::central_duration;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

/// Unit depth at mid-transit; quadratic limb darkening (0.3, 0.2) of a planet of k = 0.04 at x from −1 (first contact) to 1.
fn profile(x: f64, curved: bool) -> f64 {
    if x.abs() >= 1.0 {
        return 0.0;
    }
    if !curved {
        return 1.0;
    }
    let shade = 1.0 - (1.0 - x * x).sqrt();
    (1.0 - 0.3 * shade - 0.2 * shade * shade) * ((1.0 - x.abs()) / 0.08).min(1.0)
}

fn detrended(time: &[f64], flux: Vec<f64>, sigma: f64) -> Detrended {
    let n = time.len();
    let lc = LightCurve::single_segment("t", time.to_vec(), flux, vec![sigma; n], TimeSystem::UNKNOWN).unwrap();
    Detrended::already_flat(&lc, &CadenceMask::keep_all(n)).unwrap()
}

fn first(data: &Detrended, period: f64) -> Option<Candidate> {
    let config = SearchConfig {
        period_min: 0.9 * period,
        period_max: Some(1.1 * period),
        max_candidates: 1,
        ..SearchConfig::default()
    };
    let found = search(data, &config, None).unwrap().candidates.into_iter().next()?;
    ((found.ephemeris.period / period - 1.0).abs() < 5e-3).then_some(found)
}

/// Pulls of period, transit time, duration and depth.
fn pulls(cadence: f64, days: f64, curved: bool, n: usize, seed: u64) -> Vec<[f64; 4]> {
    let mut rng = StdRng::seed_from_u64(seed);
    let time: Vec<f64> = (0..(days / cadence) as usize).map(|i| i as f64 * cadence).collect();
    let mut out = Vec::new();
    for _ in 0..n {
        let period = (2f64.ln() + rng.random::<f64>() * (0.3 * days / 2.0).ln()).exp();
        let duration = central_duration(period, 1.0) * (0.7 + 0.5 * rng.random::<f64>());
        let t0 = (0.2 + 0.7 * rng.random::<f64>()) * period;
        let snr = (8f64.ln() + rng.random::<f64>() * (50.0 / 8.0f64).ln()).exp();
        let mut x: Vec<f64> = time
            .iter()
            .map(|t| {
                let sum: f64 = (0..11)
                    .map(|s| {
                        let t = t + ((f64::from(s) + 0.5) / 11.0 - 0.5) * cadence - t0;
                        profile((t - (t / period).round() * period) / (0.5 * duration), curved)
                    })
                    .sum();
                sum / 11.0
            })
            .collect();
        let depth = 1e-3;
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let sigma = depth * x.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt() / snr;
        x.iter_mut().for_each(|v| *v *= depth);
        let depth = if curved {
            let clean = detrended(&time, x.iter().map(|v| 1.0 - v).collect(), 1e-5);
            first(&clean, period).map_or(f64::NAN, |c| c.depth)
        } else {
            depth
        };
        let flux = x.iter().map(|v| 1.0 - v + sigma * rng.sample::<f64, _>(StandardNormal)).collect();
        let Some(c) = first(&detrended(&time, flux, sigma), period) else { continue };
        let late = c.ephemeris.time_of(c.ephemeris.epoch(t0)) - t0;
        // the error of the mid-time that was put in, some epochs from the candidate's transit 0
        if c.ephemeris.epoch(t0) != 0 {
            continue;
        }
        out.push([
            (c.ephemeris.period - period) / c.period_err,
            late / c.transit_time_err,
            (c.duration - duration) / c.duration_err,
            (c.depth - depth) / c.depth_err,
        ]);
    }
    out
}

#[test]
fn errors_are_those_of_the_scatter() {
    let minutes = 1.0 / 1440.0;
    for curved in [false, true] {
        let mut all = Vec::new();
        for (cadence, days, seed) in [(2.0 * minutes, 27.0, 1), (10.0 * minutes, 27.0, 2), (30.0 * minutes, 80.0, 3)] {
            let found = pulls(cadence, days, curved, 60, seed);
            report(&format!("{:.0} min, curved {curved}", cadence * 1440.0), &found);
            all.extend(found);
        }
        assert!(all.len() > 150, "{}", all.len());
        for (name, mean, sigma) in report(&format!("all, curved {curved}"), &all) {
            // 0.1 is twice the standard error of the scatter of 180 pulls
            assert!((0.7..1.3).contains(&sigma), "{name}: scatter of pulls {sigma}");
            // a box has no ingress, but some is expected of a transit, which is added to its length
            let limit = if name == "duration" && !curved { 1.4 } else { 0.5 };
            assert!(mean.abs() < limit, "{name}: mean of pulls {mean}");
        }
    }
}

/// Name, mean and robust scatter (1.4826 MAD) of each pull. The standard deviation, printed too, is larger: 1.3 for period
/// and time of limb-darkened transits on these seeds, from a few pulls beyond 3.5, so the errors are not yet right to 20 %.
fn report(what: &str, pulls: &[[f64; 4]]) -> Vec<(&'static str, f64, f64)> {
    let n = pulls.len() as f64;
    let mut out = Vec::new();
    for (i, name) in ["period", "transit_time", "duration", "depth"].into_iter().enumerate() {
        let mean = pulls.iter().map(|p| p[i]).sum::<f64>() / n;
        let std = (pulls.iter().map(|p| (p[i] - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let column: Vec<f64> = pulls.iter().map(|p| p[i]).collect();
        let sigma = antumbra::math::mad_sigma(&column);
        println!("{what} ({n}): {name} mean {mean:.2} std {std:.2} 1.4826 MAD {sigma:.2}");
        out.push((name, mean, sigma));
    }
    out
}
