//! False-alarm probabilities: of quiet simulated stars, a share q has its highest noise peak at FAP < q.
//!
//! The constants of `search::significance` were fitted to seeds 10,000 to 35,400; the counts of `docs/validation.md` are of
//! seeds from 500,000 on, and the fast test takes others again.

use antumbra::inject::{
    Cadence, GranulationConfig, PlanetConfig, RotationConfig, SimulateConfig, StarConfig, simulate_target,
};
use antumbra::pipeline::{Prepared, RunConfig};
use antumbra::search::{SearchResult, search};

/// Share of `n` by the `k`-th number, evenly spread.
fn spread(seed: u64, k: f64) -> f64 {
    (0.5 + seed as f64 * k).fract()
}

/// A star with rotation (300 to 10,000 ppm, 1 to 12 d) and granulation (30 to 200 ppm, 0.5 to 6 h), at 300 ppm in 10 minutes.
fn rotating(cadence: Cadence, seed: u64) -> StarConfig {
    let noise = if cadence == Cadence::Tess2min { 5f64.sqrt() } else { 1.0 };
    StarConfig {
        white_noise: 3e-4 * noise,
        rotation: Some(RotationConfig {
            amplitude: 3e-4 * (1e-2f64 / 3e-4).powf(spread(seed, 0.754_877_666)),
            period: 12f64.powf(spread(seed, 0.569_840_291)),
            quality: 6.0,
        }),
        granulation: Some(GranulationConfig {
            amplitude: 30e-6 + 170e-6 * spread(seed, 0.618_034),
            timescale: (0.5 + 5.5 * spread(seed, 0.414_213_56)) / 24.0,
        }),
        ..StarConfig::default()
    }
}

fn searched(cadence: Cadence, segments: usize, seed: u64, star: StarConfig, config: &RunConfig) -> SearchResult {
    let simulated = SimulateConfig {
        seed,
        cadence,
        segments,
        missing_fraction: 0.0,
        outlier_fraction: 0.0,
        stars: vec![star],
        ..SimulateConfig::default()
    };
    let target = simulate_target(&simulated, 0).unwrap().target;
    let (prepared, _) = Prepared::new(&target, config, &mut Vec::new()).unwrap();
    search(&prepared.detrended, &config.search, prepared.light_curve.star().density()).unwrap()
}

/// The highest noise peak that is a candidate, however low.
fn noise_peaks() -> RunConfig {
    let mut config = RunConfig::default();
    config.search.snr_threshold = 3.0;
    config.search.max_fap = 1.0;
    config.search.max_candidates = 1;
    config.search.max_single_transits = 0;
    config
}

/// FAP of the highest noise peak of each curve; 1 where there is none.
fn faps(cadence: Cadence, segments: usize, seeds: std::ops::Range<u64>, rotates: bool) -> Vec<f64> {
    let config = noise_peaks();
    seeds
        .map(|seed| {
            let mut star = rotating(cadence, seed);
            if !rotates {
                (star.rotation, star.granulation) = (None, None);
            }
            let result = searched(cadence, segments, seed, star, &config);
            result.candidates.first().map_or(1.0, |c| c.fap)
        })
        .collect()
}

/// Share below `q`, and by how many binomial errors it is above.
fn excess(faps: &[f64], q: f64) -> (f64, f64) {
    let n = faps.len() as f64;
    let share = faps.iter().filter(|f| **f < q).count() as f64 / n;
    (share, (share - q) / (q * (1.0 - q) / n).sqrt())
}

#[test]
fn noise_peaks_have_the_probabilities_that_they_say() {
    let faps = faps(Cadence::Tess10min, 1, 700_000..700_150, true);
    let (half, half_excess) = excess(&faps, 0.5);
    let (tenth, tenth_excess) = excess(&faps, 0.1);
    println!("below 0.5: {half:.3}, below 0.1: {tenth:.3}, least {:.1e}", faps.iter().copied().fold(1.0, f64::min));
    // Three binomial errors; 150 × 1e-4 is less than one curve.
    assert!(half_excess.abs() < 3.0 && tenth_excess.abs() < 3.0);
    assert!(faps.iter().all(|f| (1e-4..=1.0).contains(f)));
}

/// Deeper transits are less likely noise, and a strong planet leaves the probability of a second one alone.
#[test]
fn planets_are_no_false_alarms() {
    let planet = |period: f64, transit_time: f64, rp_rs: f64| PlanetConfig {
        period,
        transit_time,
        rp_rs,
        impact_parameter: 0.2,
        ecc: 0.0,
        omega: 0.0,
    };
    let run = |planets: Vec<PlanetConfig>| {
        let star = StarConfig { white_noise: 3e-4, planets, ..StarConfig::default() };
        searched(Cadence::Tess10min, 1, 710_000, star, &RunConfig::default())
    };
    let mut before = (0.0, 1.0);
    for rp_rs in [0.0145, 0.016, 0.02, 0.028, 0.06] {
        let found = run(vec![planet(2.7, 1.3, rp_rs)]);
        let c = &found.candidates[0];
        println!("S/N {:.1} over red noise: FAP {:.1e}", c.snr_red, c.fap);
        assert!(c.snr_red > before.0 && (c.fap < before.1 || c.fap == 0.0));
        assert!(c.snr_red < 20.0 || c.fap < 1e-10);
        before = (c.snr_red, c.fap);
    }
    let alone = run(vec![planet(6.1, 2.2, 0.02)]);
    let beside = run(vec![planet(6.1, 2.2, 0.02), planet(2.7, 1.3, 0.1)]);
    let fap = |r: &SearchResult| {
        let c = r.candidates.iter().find(|c| (c.ephemeris.period / 6.1 - 1.0).abs() < 0.01).unwrap();
        println!("S/N {:.1}, FAP {:.1e}", c.snr_red, c.fap);
        c.fap.ln() / c.snr_red.powi(2)
    };
    // An exponent of −S²/2 in both, up to what the gaps of the masked planet do to the S/N and the noise level.
    assert!((fap(&beside) / fap(&alone) - 1.0).abs() < 0.15);
}

/// The table of `docs/validation.md`. ANTUMBRA_SAMPLING takes `10min`, `2min`, `white` or `kepler` alone, ANTUMBRA_STARS how many.
#[test]
#[ignore = "five minutes"]
fn calibration() {
    let stars = std::env::var("ANTUMBRA_STARS").ok().and_then(|s| s.parse().ok()).unwrap_or(1000);
    let only = std::env::var("ANTUMBRA_SAMPLING").ok();
    let offset: u64 = std::env::var("ANTUMBRA_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    for (name, cadence, segments, first, rotates) in [
        ("10min", Cadence::Tess10min, 1, 500_000, true),
        ("2min", Cadence::Tess2min, 1, 510_000, true),
        ("white", Cadence::Tess10min, 1, 520_000, false),
        ("kepler", Cadence::Kepler30min, 4, 530_000, true),
    ] {
        if only.as_deref().is_some_and(|o| o != name) {
            continue;
        }
        let first = first + offset;
        let found = faps(cadence, segments, first..first + stars, rotates);
        for q in [0.5, 0.3, 0.1, 0.03, 0.01] {
            let (share, excess) = excess(&found, q);
            println!("{name}, {stars} stars, q = {q}: {share:.4} ({excess:+.1} binomial errors)");
        }
        println!("{name}: least FAP {:.1e}", found.iter().copied().fold(1.0, f64::min));
    }
}
