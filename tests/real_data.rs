//! The main job over real light curves whose planets are known: `../shared/data`, where it is present.
//!
//! ```text
//! cargo test --release --test real_data -- --ignored --nocapture
//! ```
//!
//! Prints the tables of `docs/validation.md`. One default configuration, nothing set for any target.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use antumbra::ephemeris::Candidate;
use antumbra::io::read::PlanOptions;
use antumbra::pipeline::{
    Execution, FitOutcome, FitSelection, NoProgress, Run, RunConfig, RunSummary, Steps, TargetOutcome,
};
use antumbra::vet::Disposition;

/// A planet of `truth.csv`.
struct Planet {
    case: String,
    folder: String,
    name: String,
    period: f64,
    rp_rs: Option<(f64, f64)>,
    white_snr: f64,
    n_transits: usize,
}

/// What is called a candidate but is likely no planet: not counted.
const DOUBTFUL: [&str; 1] = ["tic107782586_npz"];
/// Stars without a known planet, but for K2-25 among those of campaign 4: a spotted eclipsing binary, quiet and flaring
/// stars, the rotators of campaign 4, the contact binaries and pulsators of campaign 5.
const NOT_PLANETS: [&str; 6] = [
    "koi1003_spotted_binary",
    "kic757076_Q1_notransit",
    "gj1243_kepler_SC_flares",
    "tic389023759_tglc_S1_notransit",
    "k2_c4_detrended_field",
    "k2_c5_field",
];
/// Period (days) of K2-25 b.
const K2_25: f64 = 3.4846;

/// Fits that the project promises to agree with the published radius ratio: (folder, planet).
const PUBLISHED_FITS: [(&str, &str); 6] = [
    ("kepler10_LLC_Q13_Q0", "b"),
    ("k2-140", "b"),
    ("wasp126_S1", "b"),
    ("wasp4_S2", "b"),
    ("hats30_S1", "b"),
    ("pimen", "c"),
];

fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    path.join("truth.csv").exists().then_some(path)
}

fn planets(data: &Path) -> Vec<Planet> {
    let text = std::fs::read_to_string(data.join("truth.csv")).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (case, folder, planet, period) = (at("case"), at("folder"), at("planet"), at("P_d"));
    let (k, k_err, snr, n) = (at("RpRs"), at("RpRs_err"), at("check_snr_white"), at("check_ntr"));
    lines
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            Planet {
                case: f[case].into(),
                folder: f[folder].into(),
                name: f[planet].into(),
                period: f[period].parse().unwrap(),
                rp_rs: f[k].parse().ok().map(|v| (v, f[k_err].parse().unwrap_or(0.0))),
                white_snr: f[snr].parse().unwrap(),
                n_transits: f[n].parse().unwrap(),
            }
        })
        .collect()
}

/// Smallest integer ratio m:n, m and n up to 3, that links two periods to 0.1 %; (1, 1) is the period itself.
fn ratio(found: f64, truth: f64) -> Option<(u32, u32)> {
    [(1, 1), (2, 1), (1, 2), (3, 1), (1, 3)]
        .into_iter()
        .find(|&(m, n)| (found * f64::from(n) / (truth * f64::from(m)) - 1.0).abs() < 1e-3)
}

fn of_folder<'a>(outcomes: &'a [TargetOutcome], folder: &str) -> Vec<&'a TargetOutcome> {
    let inside = format!("/lightcurves/{folder}/");
    let has = |o: &&TargetOutcome| o.summary.as_ref().is_some_and(|s| s.sources.iter().any(|x| x.contains(&inside)));
    outcomes.iter().filter(has).collect()
}

/// The best match among a folder's targets: the period itself before a harmonic, then the higher S/N.
fn best_match<'a>(
    targets: &[&'a TargetOutcome],
    period: f64,
) -> Option<(&'a TargetOutcome, &'a Candidate, (u32, u32))> {
    let mut matches: Vec<_> = targets
        .iter()
        .flat_map(|o| o.candidates.iter().map(move |c| (*o, c)))
        .filter_map(|(o, c)| ratio(c.ephemeris.period, period).map(|r| (o, c, r)))
        .collect();
    matches.sort_by(|a, b| (a.2 != (1, 1)).cmp(&(b.2 != (1, 1))).then(b.1.snr.total_cmp(&a.1.snr)));
    matches.into_iter().next()
}

fn search_table(planets: &[Planet], outcomes: &[TargetOutcome]) -> (String, usize, usize) {
    let mut table = String::from(
        "| case | planet | true period (d) | S/N expected | transits | found | S/N | S/N red | candidate | target |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let (mut hits, mut wanted) = (0, 0);
    for p in planets {
        let counted = p.white_snr >= 12.0 && p.n_transits >= 2;
        let targets = of_folder(outcomes, &p.folder);
        wanted += usize::from(counted);
        let row = match best_match(&targets, p.period) {
            Some((target, c, r)) => {
                hits += usize::from(counted);
                let found = if r == (1, 1) { "yes".to_string() } else { format!("{}:{} harmonic", r.0, r.1) };
                format!(
                    "{found} | {:.1} | {:.1} | {} of {} | {}",
                    c.snr,
                    c.snr_red,
                    c.number,
                    target.candidates.len(),
                    target.target_id
                )
            }
            None => {
                let seen: Vec<String> = targets
                    .iter()
                    .map(|o| {
                        let periods: Vec<String> = o
                            .candidates
                            .iter()
                            .map(|c| format!("{:.4} ({:.0})", c.ephemeris.period, c.snr_red))
                            .collect();
                        format!("{}: {}", o.target_id, periods.join(", "))
                    })
                    .collect();
                format!("**no** | | | | {}", if seen.is_empty() { "no target".into() } else { seen.join("; ") })
            }
        };
        let mark = if counted { "" } else { " (not counted)" };
        let _ = writeln!(
            table,
            "| {} | {} | {:.6} | {:.1}{mark} | {} | {row} |",
            p.case, p.name, p.period, p.white_snr, p.n_transits
        );
    }
    (table, hits, wanted)
}

fn fit_table(planets: &[Planet], outcomes: &[TargetOutcome]) -> (String, Vec<String>) {
    let mut table = String::from(
        "| case | planet | published Rp/R* | fitted Rp/R* | difference (combined σ) | status | target |\n|---|---|---|---|---|---|---|\n",
    );
    let mut failures = Vec::new();
    for p in planets {
        let Some((k, k_err)) = p.rp_rs else { continue };
        let promised = PUBLISHED_FITS.contains(&(p.folder.as_str(), p.name.as_str()));
        let mut agreed = false;
        let mut any = false;
        for target in of_folder(outcomes, &p.folder) {
            let matching = target.candidates.iter().zip(&target.fits);
            for (c, fit) in matching.filter(|(c, _)| ratio(c.ephemeris.period, p.period) == Some((1, 1))) {
                let _ = c;
                let FitOutcome::Fitted(fit) = fit else { continue };
                any = true;
                let s = fit.get("rp_rs").unwrap();
                let (lower, upper) = (s.median - s.lower_68, s.upper_68 - s.median);
                let side = if k > s.median { upper } else { lower };
                let sigma = (s.median - k).abs() / side.hypot(k_err);
                agreed |= sigma <= 3.0 && fit.is_converged();
                let _ = writeln!(
                    table,
                    "| {} | {} | {k} ± {k_err} | {:.5} +{upper:.5} −{lower:.5} | {sigma:.1} | {} | {} |",
                    p.case,
                    p.name,
                    s.median,
                    if fit.is_converged() { "converged" } else { "**not converged**" },
                    target.target_id
                );
            }
        }
        if promised && !agreed {
            failures.push(format!("{} {}: {}", p.folder, p.name, if any { "no fit agrees" } else { "no fit" }));
        }
    }
    (table, failures)
}

/// The main job over all light curves: what every target came to, by its id.
fn main_job(data: &Path, config: &RunConfig) -> (Vec<TargetOutcome>, RunSummary) {
    let run = Run::new(&[data.join("lightcurves").display().to_string()], config, &PlanOptions::default()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut outcomes: Vec<TargetOutcome> = Vec::new();
    let summary = run
        .execute(Steps::SearchAndFit, out.path(), &Execution::default(), &NoProgress, |o| outcomes.push(o.clone()))
        .unwrap();
    outcomes.sort_by(|a, b| a.target_id.cmp(&b.target_id));
    (outcomes, summary)
}

#[test]
#[ignore = "minutes of computing over data outside the repository"]
fn known_planets_are_found_and_measured() {
    let Some(data) = data() else {
        eprintln!("skipped: ../shared/data is absent");
        return;
    };
    let (outcomes, summary) = main_job(&data, &RunConfig::default());

    let planets = planets(&data);
    let (table, hits, wanted) = search_table(&planets, &outcomes);
    println!("{table}\n{hits} of {wanted} planets with an expected S/N of 12 or more and two or more transits\n");
    let (fits, failures) = fit_table(&planets, &outcomes);
    println!("{fits}\n{:?}\n{:?}", summary.counts, summary.timings);
    assert!(hits * 10 >= wanted * 9, "{hits} of {wanted} found");
    assert!(failures.is_empty(), "fits that disagree with the published radius ratio: {failures:?}");
}

/// Disposition and failed tests of a candidate of a target, as words.
fn verdict(target: &TargetOutcome, candidate: &Candidate) -> (Option<Disposition>, String) {
    let at = target.candidates.iter().position(|c| c.number == candidate.number);
    match at.and_then(|i| target.vetting.results.get(i)) {
        Some(Ok(v)) => {
            let failed: Vec<&str> = v.verdict.failing().iter().map(|t| t.name()).collect();
            (
                Some(v.verdict.disposition),
                format!("{} | {:.2} | {}", v.verdict.disposition.name(), v.score, failed.join(", ")),
            )
        }
        Some(Err(e)) => (None, format!("not vetted | | {e}")),
        None => (None, "not vetted | |".into()),
    }
}

/// What vetting says of every planet that was found, and how many stay candidates of how many.
fn vetting_table(planets: &[Planet], outcomes: &[TargetOutcome]) -> (String, usize, usize) {
    let mut table = String::from(
        "| case | planet | S/N red | target | disposition | score | failed |\n|---|---|---|---|---|---|---|\n",
    );
    let (mut kept, mut found) = (0, 0);
    let doubtful = |p: &&Planet| DOUBTFUL.contains(&p.folder.as_str());
    for p in planets
        .iter()
        .filter(|p| !doubtful(p))
        .filter(|p| !NOT_PLANETS.contains(&p.folder.as_str()) || ratio(p.period, K2_25).is_some())
    {
        let targets = of_folder(outcomes, &p.folder);
        // The same planet may be in several products of the folder.
        for target in targets {
            let of = target.candidates.iter().filter(|c| ratio(c.ephemeris.period, p.period) == Some((1, 1)));
            if let Some(c) = of.max_by(|a, b| a.snr.total_cmp(&b.snr)) {
                let (disposition, words) = verdict(target, c);
                found += 1;
                kept += usize::from(disposition == Some(Disposition::Candidate));
                let _ =
                    writeln!(table, "| {} | {} | {:.1} | {} | {words} |", p.case, p.name, c.snr_red, target.target_id);
            }
        }
    }
    (table, kept, found)
}

/// What vetting says of the candidates of stars that have no planet.
fn other_table(outcomes: &[TargetOutcome]) -> (String, usize, usize) {
    let mut table = String::from(
        "| folder | target | candidate | period (d) | S/N red | disposition | score | failed |\n|---|---|---|---|---|---|---|---|\n",
    );
    let (mut rejected, mut all) = (0, 0);
    for folder in NOT_PLANETS {
        for target in of_folder(outcomes, folder) {
            for c in target.candidates.iter().filter(|c| ratio(c.ephemeris.period, K2_25).is_none()) {
                let (disposition, words) = verdict(target, c);
                all += 1;
                rejected += usize::from(disposition != Some(Disposition::Candidate));
                let (n, period) = (c.number, c.ephemeris.period);
                let _ = writeln!(
                    table,
                    "| {folder} | {} | {n} | {period:.5} | {:.1} | {words} |",
                    target.target_id, c.snr_red
                );
            }
        }
    }
    (table, rejected, all)
}

#[test]
#[ignore = "minutes of computing over data outside the repository"]
fn known_planets_stay_candidates() {
    let Some(data) = data() else {
        eprintln!("skipped: ../shared/data is absent");
        return;
    };
    let selection = FitSelection { max_per_target: 0, ..FitSelection::default() };
    let config = RunConfig { fit_selection: selection, ..RunConfig::default() };
    let (outcomes, summary) = main_job(&data, &config);
    let (table, kept, found) = vetting_table(&planets(&data), &outcomes);
    println!("{table}\n{kept} of {found} known planets that were found stay candidates\n");
    let (table, rejected, all) = other_table(&outcomes);
    println!("{table}\n{rejected} of {all} candidates of stars without planets are rejected\n");
    println!("{:?}\n{:?}", summary.counts, summary.timings);
    assert!(kept * 20 >= found * 19, "{kept} of {found} kept");
}
