//! Reads every real light curve of the shared collection, where that is there: each case is found with about the number
//! of cadences that was counted independently, and every other file is refused with a reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use antumbra::io::convert;
use antumbra::io::inspect::inspect_file;
use antumbra::io::read::{ErrorKind, QualityMask, ReadConfig, Scan, TargetRead, read_target, scan};
use antumbra::lightcurve::{RawSegment, RawTarget};

fn shared() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/lightcurves");
    if found.is_dir() {
        return Some(found);
    }
    println!("skipped: no ../shared/data beside the repository");
    None
}

fn read_all(folder: &Path) -> (Scan, Vec<TargetRead>) {
    read_with(folder, &ReadConfig::default())
}

fn read_with(folder: &Path, config: &ReadConfig) -> (Scan, Vec<TargetRead>) {
    let scan = scan(&[folder.display().to_string()], config);
    let read = scan.targets.iter().map(|t| read_target(t, config)).collect();
    (scan, read)
}

/// Cadences with a time and a flux, and those of them that no quality flag calls bad.
fn cadences(segments: &[&RawSegment]) -> (usize, usize) {
    let count = |good: bool| -> usize {
        let one = |s: &&RawSegment| {
            let usable = |i: &usize| s.time[*i].is_finite() && s.flux[*i].is_finite();
            let kept = |i: &usize| !good || s.flagged.as_ref().is_none_or(|f| !f[*i]);
            (0..s.time.len()).filter(|i| usable(i) && kept(i)).count()
        };
        segments.iter().map(one).sum()
    };
    (count(false), count(true))
}

/// Case: target id, band, and the number of cadences counted with astropy, numpy and pandas (INDEX.md of the collection).
const CASES: [(&str, &str, &str, usize); 38] = [
    ("kepler11", "KIC 6541920", "", 58_981),
    ("kepler11_detrended", "klc06541920.dct", "", 12_659),
    ("kepler10_Q13", "KIC 11904151", "", 3_991),
    ("kepler6_Q0", "KIC 10874614", "", 450),
    ("hatp7_SC", "KIC 10666592", "", 13_203),
    ("kepler1625", "project__lightcurves__kepler__GP_PDC", "", 828),
    ("koi1003_Q2", "Kepler_Q2", "", 1_117),
    ("kic757076_Q1", "KIC 757076", "", 1_626),
    ("k2-3_raw", "EPIC201367065", "", 3_632),
    ("k2-3_detrended", "EPIC201367065_detrended", "", 3_632),
    ("k2-3_K2SFF", "EPIC 201367065", "", 3_632),
    ("epic206154641", "EPIC206154641", "", 3_203),
    ("k2-32", "K2-32_lc", "", 3_664),
    ("k2-140", "K2-140_lc", "K2", 2_232),
    ("k2-100_SC", "multi_band_K2-100", "SC", 11_477),
    ("k2-100_K2", "multi_band_K2-100", "K2", 1_343),
    ("k2-100_ground_G", "multi_band_K2-100", "G", 647),
    ("k2-233", "lc", "", 1_409),
    ("k2-141_raw", "K2-141_raw", "", 3_096),
    ("k2-141_detrended", "K2-141_detrended", "", 3_096),
    ("k2-139", "EPIC 218916923", "", 3_491),
    ("pimen_S1", "TIC 261136679", "", 18_264),
    ("pimen_year1", "paper__Pi_Mensae__allesfit_year_1__TESS", "", 93_628),
    ("wasp18_S2", "TIC 100100827", "", 18_299),
    ("wasp126_S1", "TIC 25155310", "", 18_103),
    ("wasp62_S1", "TIC 149603524", "", 18_101),
    ("wasp46_S1", "TIC 231663901", "", 18_101),
    ("hats30_S1", "TIC 281459670", "", 18_094),
    ("wasp4_S2", "TIC 402026209", "", 18_316),
    ("toi421", "example__example_output__94986319_data", "", 32_699),
    ("toi540", "tutorials__14_finding_and_fitting_TOI_540__TIC_200322593_spoc_pdcsap", "", 48_244),
    ("l98-59", "docs__source__TOI-175__TOI-175-results__TIC307210830_all__lc_data", "", 25_577),
    ("toi2202_S1_FFI", "detrended_TIC358107516_S1_lc", "", 1_249),
    ("toi125", "output_bayesian_sector_longest_500_2__TIC 52368076__data_for_plots__lightcurve_model_data", "", 36_574),
    ("toi1009", "output_bayesian_sector_longest__TIC 107782586__data_for_plots__lightcurve_model_data", "", 35_466),
    ("tic389023759_tglc", "TIC 389023759", "", 1_267),
    ("toi1130_qlp_S13", "TIC 254113311", "", 1_057),
    ("hatp23_transits", "HAT-P-23", "", 10_840),
];

#[test]
fn every_case_is_read_and_the_rest_refused() {
    let Some(folder) = shared() else { return };
    let (scan, read) = read_all(&folder);
    assert!(scan.files.len() > 300);
    // The counts were made with every flagged cadence left out.
    let strict = ReadConfig { quality: QualityMask::Bits(u32::MAX), ..ReadConfig::default() };
    let (_, strictly) = read_with(&folder, &strict);
    let count = |read: &[TargetRead], target_id: &str, band: &str| {
        let target = read.iter().filter_map(|r| r.target.as_ref()).find(|t| t.target_id == target_id)?;
        let wanted = target.segments.iter().filter(|s| band.is_empty() || s.band.as_deref() == Some(band));
        Some(cadences(&wanted.collect::<Vec<_>>()))
    };
    let mut wrong = Vec::new();
    for (case, target_id, band, expected) in CASES {
        let (Some((usable, good)), Some((_, unflagged))) =
            (count(&read, target_id, band), count(&strictly, target_id, band))
        else {
            wrong.push(format!("{case}: no target {target_id}"));
            continue;
        };
        println!("{case:20} {target_id:40.40} {usable} usable, {good} good, {unflagged} unflagged, {expected} counted");
        // K2SFF's thruster flag was not used in counting.
        let found = if case == "k2-3_K2SFF" { usable } else { unflagged };
        if found != expected {
            wrong.push(format!("{case}: {usable} usable, {good} good, {unflagged} unflagged, {expected} counted"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    // Whatever is not a target has a reason.
    let told: BTreeSet<&Path> = scan
        .targets
        .iter()
        .flat_map(|t| t.paths())
        .chain(scan.errors.iter().map(|e| Path::new(e.source.as_str())))
        .collect();
    assert!(scan.files.iter().all(|f| told.contains(f.path.as_path())));
    for (target, result) in scan.targets.iter().zip(&read) {
        assert!(result.target.is_some() || !result.errors.is_empty(), "{}", target.target_id);
    }
    for name in [
        "K2-140_priors_fullcircular.dat",
        "HD80606_RV.csv",
        "wasp_4b_transit_times.csv",
        "tce-test.json",
        "newfit.dat",
        "mcmc_table.csv",
        "toi175harps.csv",
        "all__candidates.csv",
    ] {
        let error = scan.errors.iter().find(|e| e.source.ends_with(name)).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(error.kind(), ErrorKind::NotALightCurve, "{error}");
    }
    // Two files of the same name are two targets; 42 files that name one star are one.
    assert!(scan.targets.iter().filter(|t| t.target_id.ends_with("/TESS")).count() >= 2);
    let hatp23 = read.iter().filter_map(|r| r.target.as_ref()).find(|t| t.target_id == "HAT-P-23").unwrap();
    assert_eq!(hatp23.segments.len(), 42);
    assert!(hatp23.segments.windows(2).all(|w| w[0].time[0] < w[1].time[0]));
}

fn same(a: &RawTarget, b: &RawTarget) -> bool {
    let bits = |v: &[f64]| v.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect::<Vec<_>>();
    let rest = |s: &RawSegment| RawSegment { time: vec![], flux: vec![], flux_err: None, centroid: None, ..s.clone() };
    let centroid = |s: &RawSegment| s.centroid.as_ref().map(|c| (bits(&c.column), bits(&c.row)));
    a.target_id == b.target_id
        && a.star == b.star
        && a.segments.len() == b.segments.len()
        && a.segments.iter().zip(&b.segments).all(|(x, y)| {
            bits(&x.time) == bits(&y.time)
                && bits(&x.flux) == bits(&y.flux)
                && x.flux_err.as_deref().map(bits) == y.flux_err.as_deref().map(bits)
                && centroid(x) == centroid(y)
                && rest(x) == rest(y)
        })
}

/// Converting everything to one dataset and reading that gives back every target to the bit, and fits in one row of
/// errors a refusal.
#[test]
fn a_dataset_of_everything_reads_back() {
    let Some(folder) = shared() else { return };
    let (_, read) = read_all(&folder);
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("all.parquet");
    let converted = convert(&[folder.display().to_string()], &path, &ReadConfig::default()).unwrap();
    let (scan, again) = read_all(&path);
    assert!(scan.errors.is_empty() && again.iter().all(|r| r.errors.is_empty()));
    let before: Vec<&RawTarget> = read.iter().filter_map(|r| r.target.as_ref()).collect();
    let after: Vec<&RawTarget> = again.iter().filter_map(|r| r.target.as_ref()).collect();
    assert_eq!((before.len(), after.len()), (converted.written.targets, converted.written.targets));
    for (a, b) in before.iter().zip(&after) {
        assert!(same(a, b), "{}", a.target_id);
    }
}

/// The order in which inputs are named changes nothing.
#[test]
fn order_of_inputs_does_not_matter() {
    let Some(folder) = shared() else { return };
    let part = |name: &str| folder.join(name).display().to_string();
    let mut inputs =
        ["wasp18", "gj1243_kepler_SC_flares", "hatp23_tess_transits", "kepler10_LLC_Q13_Q0"].map(part).to_vec();
    let config = ReadConfig::default();
    let describe = |inputs: &[String]| {
        let scan = scan(inputs, &config);
        let targets: Vec<String> = scan.targets.iter().map(|t| format!("{:?}", read_target(t, &config))).collect();
        let errors: Vec<String> = scan.errors.iter().map(|e| e.to_string()).collect();
        (targets, errors, scan.files)
    };
    let forward = describe(&inputs);
    inputs.reverse();
    inputs.push(part("wasp18/wasp18b.fits"));
    assert_eq!(describe(&inputs), forward);
}

#[test]
fn placeholders_are_seen() {
    let Some(folder) = shared() else { return };
    let warns = |file: &str, words: &str| {
        let report = inspect_file(&folder.join(file), &ReadConfig::default());
        assert!(report.warnings().any(|w| w.contains(words)), "{file}: {words}\n{report}");
    };
    warns("k2-233/lc.dat", "a placeholder");
    warns("k2-32/K2-32_lc.dat", "zero or missing");
    warns("pimen/paper__Pi_Mensae__allesfit_year_1__TESS.csv", "a placeholder");
    warns("kepler11_Q1-Q17_LLC/klc06541920.dct.dat", "flux_offset = 1");
    warns("k2-141/K2-141_detrended_bonly.csv", "backwards");
    warns("epic206154641/EPIC206154641.csv", "no error column");
}
