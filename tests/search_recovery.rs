//! Planets put into simulated light curves are found, and nothing is found in noise.

use antumbra::ephemeris::Candidate;
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, SearchResult, search};
use antumbra::star::central_duration;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

/// Depth of a transit-shaped dip, −2.5 ln-like curved bottom: (1 − 0.45 (1 − μ)) inside, smeared over the exposure.
fn dip(time: f64, period: f64, transit_time: f64, duration: f64, depth: f64, exposure: f64) -> f64 {
    let n = if exposure > 0.0 { 9 } else { 1 };
    let mut sum = 0.0;
    for i in 0..n {
        let t = time + ((f64::from(i) + 0.5) / f64::from(n) - 0.5) * exposure - transit_time;
        let x = (t - (t / period).round() * period) / (0.5 * duration);
        if x.abs() < 1.0 {
            sum += 1.0 - 0.45 * (1.0 - (1.0 - x * x).sqrt());
        }
    }
    depth * sum / f64::from(n)
}

fn noisy(time: &[f64], sigma: f64, seed: u64, signal: impl Fn(f64) -> f64) -> Detrended {
    let mut rng = StdRng::seed_from_u64(seed);
    let flux = time.iter().map(|t| 1.0 - signal(*t) + sigma * rng.sample::<f64, _>(StandardNormal)).collect();
    let n = time.len();
    let lc = LightCurve::single_segment("t", time.to_vec(), flux, vec![sigma; n], TimeSystem::UNKNOWN).unwrap();
    Detrended::already_flat(&lc, &CadenceMask::keep_all(n)).unwrap()
}

/// Kepler long cadence with a gap every quarter and 3 % of cadences missing.
fn kepler(days: f64, seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    let step = 29.4244 / 1440.0;
    (0..(days / step) as usize)
        .map(|i| i as f64 * step)
        .filter(|t| t % 91.25 > 1.6 && rng.random::<f64>() > 0.03)
        .collect()
}

fn tess(step_minutes: f64, days: f64) -> Vec<f64> {
    let step = step_minutes / 1440.0;
    (0..(days / step) as usize).map(|i| i as f64 * step).filter(|t| (t - 13.5).abs() > 0.5).collect()
}

fn run(data: &Detrended) -> SearchResult {
    search(data, &SearchConfig::default(), None).unwrap()
}

fn has(result: &SearchResult, period: f64) -> &Candidate {
    result
        .candidates
        .iter()
        .find(|c| (c.ephemeris.period / period - 1.0).abs() < 1e-3)
        .unwrap_or_else(|| panic!("{period}: {:#?}", summary(result)))
}

fn summary(result: &SearchResult) -> Vec<String> {
    let line = |c: &Candidate| {
        format!(
            "P {:.5} t0 {:.4} d {:.4} snr {:.1} red {:.1} n {} {:?}",
            c.ephemeris.period, c.ephemeris.transit_time, c.duration, c.snr, c.snr_red, c.n_transits, c.harmonic_of
        )
    };
    let mut lines: Vec<String> = result.candidates.iter().map(line).collect();
    lines.push(format!("set aside {:?}, {} passes", result.set_aside, result.n_passes));
    lines
}

#[test]
fn nothing_is_found_in_noise() {
    for seed in 0..4 {
        let result = run(&noisy(&tess(10.0, 27.0), 1e-3, seed, |_| 0.0));
        assert!(result.candidates.is_empty(), "{:#?}", summary(&result));
    }
}

#[test]
fn an_ultra_short_period_at_long_cadence() {
    let (p, d) = (0.280324, 0.94 / 24.0);
    let data = noisy(&kepler(73.0, 1), 80e-6, 5, |t| dip(t, p, 0.1, d, 350e-6, 0.0204));
    let result = run(&data);
    assert_eq!(result.candidates.len(), 1, "{:#?}", summary(&result));
    let c = has(&result, p);
    assert!((c.duration - d).abs() < 0.4 * d, "{c:?}");
}

#[test]
fn a_hot_jupiter_of_snr_1000_leaves_nothing_behind() {
    let (p, d) = (2.204735, 4.0 / 24.0);
    let data = noisy(&tess(1.0, 10.0), 150e-6, 6, |t| dip(t, p, 0.84, d, 6700e-6, 0.0));
    let result = run(&data);
    let c = has(&result, p);
    assert!(c.snr > 800.0, "{c:?}");
    assert!((c.ephemeris.transit_time - 0.84).abs() < 2e-3);
    assert!(result.candidates.iter().all(|o| o.number == 1 || o.harmonic_of.is_some()), "{:#?}", summary(&result));
    assert!(result.candidates.len() <= 2, "{:#?}", summary(&result));
}

#[test]
fn two_transits_beyond_half_of_the_baseline() {
    // a period of 0.556 of the baseline, as K2-3 d has
    let p = 44.556;
    let data = noisy(&kepler(80.0, 2), 60e-6, 7, |t| dip(t, p, 15.98, 4.0 / 24.0, 600e-6, 0.0204));
    let c = run(&data).candidates;
    assert!((c[0].ephemeris.period / p - 1.0).abs() < 1e-3, "{c:?}");
    assert_eq!(c[0].n_transits, 2);
}

#[test]
fn five_planets_of_one_star() {
    let planets = [
        (2.253, 0.7, 500e-6),
        (3.691, 1.9, 900e-6),
        (7.451, 3.3, 700e-6),
        (12.77, 8.1, 1000e-6),
        (19.98, 15.2, 1200e-6),
    ];
    let data = noisy(&tess(10.0, 82.0), 600e-6, 8, |t| {
        planets.iter().map(|(p, t0, depth)| dip(t, *p, *t0, central_duration(*p, 2.0), *depth, 0.0069)).sum()
    });
    let result = run(&data);
    for (p, _, _) in planets {
        has(&result, p);
    }
    assert_eq!(result.candidates.len(), 5, "{:#?}", summary(&result));
    assert!(result.candidates.iter().all(|c| c.harmonic_of.is_none()));
    assert!(result.candidates.windows(2).all(|w| w[0].snr >= w[1].snr && w[0].number < w[1].number));
}

#[test]
fn timing_variations_of_half_an_hour() {
    let (p, d) = (13.0249, 4.6 / 24.0);
    let data = noisy(&kepler(600.0, 3), 165e-6, 9, |t| {
        let n = ((t - 7.0) / p).round();
        dip(t, p, 7.0 + 0.02 * (n * 0.35).sin(), d, 760e-6, 0.0204)
    });
    let result = run(&data);
    has(&result, p);
    assert_eq!(result.candidates.len(), 1, "{:#?}", summary(&result));
}

#[test]
fn an_eclipsing_binary_has_its_orbital_period() {
    let p = 5.37;
    for secondary in [0.7, 0.3] {
        let data = noisy(&tess(10.0, 60.0), 500e-6, 10, |t| {
            dip(t, p, 1.3, 0.2, 0.02, 0.0) + dip(t, p, 1.3 + 0.5 * p, 0.2, 0.02 * secondary, 0.0)
        });
        let result = run(&data);
        let c = has(&result, p);
        let n = (c.ephemeris.transit_time - 1.3) / p;
        assert!((n - n.round()).abs() * p < 0.01, "{:#?}", summary(&result));
    }
}

#[test]
fn a_glitch_is_set_aside_and_the_planet_found() {
    let data = noisy(&tess(10.0, 27.0), 500e-6, 11, |t| {
        dip(t, 4.65, 1.2, 0.12, 800e-6, 0.0) + if (t - 19.2).abs() < 0.07 { 0.05 } else { 0.0 }
    });
    let result = run(&data);
    has(&result, 4.65);
    assert_eq!(result.candidates.len(), 1, "{:#?}", summary(&result));
}

#[test]
fn windows_about_single_transits_give_the_longest_period() {
    // Only transits 0, 4, 12, 16 and 28 were observed, each for ten hours: P/2, P/4 and so on fit as well.
    let p = 1.2128868;
    let time: Vec<f64> = [0, 4, 12, 16, 28]
        .iter()
        .flat_map(|n| (-150..150).map(move |i| 5.0 + f64::from(*n) * p + f64::from(i) * 2.0 / 1440.0))
        .collect();
    let data = noisy(&time, 1e-3, 12, |t| dip(t, p, 5.0, 2.2 / 24.0, 0.013, 0.0014));
    let c = run(&data).candidates;
    assert!((c[0].ephemeris.period / (4.0 * p) - 1.0).abs() < 1e-3, "{c:?}");
    assert_eq!(c[0].n_transits, 5);
}
