//! Simulated collections: reproducible to the bit, independent of their neighbours, and what the truth says they are.

use std::path::{Path, PathBuf};

use antumbra::detrend::{DetrendConfig, detrend};
use antumbra::inject::{
    Cadence, PlanetConfig, PopulationConfig, SimulateConfig, SimulateError, StarConfig, TruthKind, simulate_target,
};
use antumbra::io::dataset::DatasetWriter;
use antumbra::io::truth::{read_truth, write_truth};
use antumbra::lightcurve::{CadenceMask, CleanConfig, ErrorOrigin, clean};

fn dataset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/tess-sector")
}

fn dataset_config() -> SimulateConfig {
    let text = std::fs::read_to_string(dataset().with_extension("toml")).expect("part of the repository");
    toml::from_str(&text).expect("a configuration")
}

#[test]
fn the_dataset_is_made_again_to_the_bit() {
    let config = dataset_config();
    config.check().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut writer = DatasetWriter::create(folder.path().join("light_curves.parquet")).unwrap();
    let mut truth = Vec::new();
    for index in 0..config.targets() {
        let simulated = simulate_target(&config, index).unwrap();
        writer.write(&simulated.target).unwrap();
        truth.extend(simulated.truth);
    }
    writer.finish().unwrap();
    write_truth(&folder.path().join("truth.parquet"), &truth).unwrap();
    for name in ["light_curves.parquet", "truth.parquet"] {
        let made = std::fs::read(folder.path().join(name)).unwrap();
        let kept = std::fs::read(dataset().join(name)).unwrap();
        assert!(
            made == kept,
            "{name} is not what tess-sector.toml gives; make the collection again as datasets/README.md says"
        );
    }
    let read = read_truth(&dataset().join("truth.parquet")).unwrap();
    assert_eq!(read.len(), 13);
    assert_eq!((read[0].target_id.as_str(), read[0].kind.as_str(), read[0].period), ("SIM 1", "planet", Some(3.2147)));
    assert_eq!((read[10].kind.as_str(), read[10].period), ("quiet", None));
}

#[test]
fn a_target_depends_on_its_name_and_the_seed_alone() {
    let config = dataset_config();
    let mut reversed = config.clone();
    reversed.stars.reverse();
    reversed.stars.truncate(5);
    let (alone, among) = (simulate_target(&config, 9).unwrap(), simulate_target(&reversed, 2).unwrap());
    assert_eq!(alone.target.target_id, among.target.target_id);
    assert!(alone.target == among.target, "the light curve depends on its neighbours");

    let mut seeded = config.clone();
    seeded.seed += 1;
    assert!(alone.target != simulate_target(&seeded, 9).unwrap().target, "the seed does nothing");

    // A planet more does not change the noise.
    let mut quiet = config.clone();
    quiet.stars[2].planets.clear();
    let (with, without) = (simulate_target(&config, 2).unwrap(), simulate_target(&quiet, 2).unwrap());
    let same =
        with.target.segments[0].flux.iter().zip(&without.target.segments[0].flux).filter(|(a, b)| a == b).count();
    let share = same as f64 / with.target.segments[0].flux.len() as f64;
    assert!(share > 0.95, "{share}"); // all but the 3.3 % in transit
}

/// The whole way of one curve: cleaned, detrended with the transits masked, folded at the truth.
#[test]
fn transits_are_where_the_truth_says_and_as_deep() {
    let config = dataset_config();
    for index in [0, 1, 3, 6] {
        let simulated = simulate_target(&config, index).unwrap();
        let cleaned = clean(&simulated.target, &CleanConfig::default()).unwrap();
        assert_eq!(cleaned.report.segments[0].errors, ErrorOrigin::File);
        let curve = &cleaned.light_curve;
        let mut fit_to = CadenceMask::keep_all(curve.len());
        let phase = |t: f64, period: f64, at: f64| ((t - at) / period - ((t - at) / period).round()).abs() * period;
        for truth in &simulated.truth {
            for (i, t) in curve.time().iter().enumerate() {
                if phase(*t, truth.period, truth.transit_time) < 0.55 * truth.duration {
                    fit_to.drop_cadence(i);
                }
            }
        }
        let method = DetrendConfig::default().build(0.25).unwrap();
        let flat = detrend(curve, &cleaned.mask, &fit_to, method.as_ref()).unwrap();
        for truth in &simulated.truth {
            assert_eq!(truth.kind, TruthKind::Planet);
            // The bottom of the transit, where limb darkening changes the depth by a few per cent.
            let inside: Vec<f64> = flat
                .time()
                .iter()
                .zip(flat.flux())
                .filter(|(t, _)| phase(**t, truth.period, truth.transit_time) < 0.15 * truth.duration)
                .map(|(_, f)| 1.0 - f)
                .collect();
            let depth = inside.iter().sum::<f64>() / inside.len() as f64;
            let error = truth.white_noise / (inside.len() as f64).sqrt();
            let tolerance = 4.0 * error + 0.05 * truth.depth;
            assert!((depth - truth.depth).abs() < tolerance, "{}: {depth} and {}", truth.target_id, truth.depth);
        }
    }
}

#[test]
fn noise_has_the_stated_size() {
    let star = StarConfig { white_noise: 7e-4, ..StarConfig::default() };
    let config = SimulateConfig { stars: vec![star], outlier_fraction: 0.0, ..SimulateConfig::default() };
    for cadence in [Cadence::Tess2min, Cadence::Tess10min, Cadence::Kepler30min] {
        let config = SimulateConfig { cadence, segments: 2, ..config.clone() };
        let target = simulate_target(&config, 0).unwrap().target;
        let cleaned = clean(&target, &CleanConfig::default()).unwrap();
        assert_eq!(cleaned.light_curve.segments().len(), 2);
        assert!(cleaned.report.segments.iter().all(|s| (s.white_noise / 7e-4 - 1.0).abs() < 0.06), "{cadence:?}");
    }
}

#[test]
fn populations_are_mixed_and_possible() {
    let population = PopulationConfig { count: 300, ..PopulationConfig::default() };
    let config = SimulateConfig { population, ..SimulateConfig::default() };
    config.check().unwrap();
    let (mut planets, mut binaries, mut quiet) = (0, 0, 0);
    for index in 0..300 {
        let truth = simulate_target(&config, index).unwrap().truth;
        match truth[0].kind {
            TruthKind::Planet => planets += 1,
            TruthKind::Binary => binaries += 1,
            TruthKind::Quiet => quiet += 1,
        }
    }
    // Expected 120, 30 and 150; binomial standard deviations are 8.5, 5.2 and 8.7.
    assert!(
        (85..155).contains(&planets) && (10..50).contains(&binaries) && quiet > 100,
        "{planets} {binaries} {quiet}"
    );
}

#[test]
fn impossible_stars_are_refused() {
    let planet =
        PlanetConfig { period: 0.05, transit_time: 0.0, rp_rs: 0.1, impact_parameter: 0.0, ecc: 0.0, omega: 0.0 };
    let star = StarConfig { target_id: "x".into(), planets: vec![planet], ..StarConfig::default() };
    let config = SimulateConfig { stars: vec![star.clone()], ..SimulateConfig::default() };
    assert!(matches!(simulate_target(&config, 0), Err(SimulateError::Orbit { number: 1, .. })));
    assert!(matches!(simulate_target(&config, 1), Err(SimulateError::NoSuchTarget { index: 1, targets: 1 })));
    let dark = StarConfig { white_noise: -1.0, ..StarConfig::default() };
    let config = SimulateConfig { stars: vec![dark], ..SimulateConfig::default() };
    assert!(matches!(config.check(), Err(SimulateError::OutOfRange { name: "white_noise", .. })));
    let twice = SimulateConfig { stars: vec![star.clone(), star], ..SimulateConfig::default() };
    assert_eq!(twice.check(), Err(SimulateError::Duplicate("x".into())));
}

/// The folder of a collection is itself an input: its truth is no light curve, and no error either.
#[test]
fn the_folder_of_a_collection_reads_as_its_light_curves() {
    let scan = antumbra::io::read::scan(&[dataset().display().to_string()], &Default::default());
    assert_eq!(scan.targets.len(), 12);
    assert!(scan.errors.is_empty(), "{:?}", scan.errors);
}
