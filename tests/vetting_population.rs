//! What vetting makes of 2,000 simulated stars: planets, eclipsing binaries and blends of them, rotation, quiet stars.
//!
//! ```text
//! cargo test --test vetting_population -- --ignored --nocapture        VETTING_SEED=7 VETTING_STARS=500 for others
//! ```
//!
//! Prints the table of `docs/validation.md`. Completeness is the share of the planets found by the search that vetting keeps;
//! reliability the share of what vetting keeps that is a planet.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use antumbra::inject::{Cadence, PopulationConfig, Proportion, SimulateConfig, TruthKind, simulate_target};
use antumbra::io::dataset::DatasetWriter;
use antumbra::io::read::PlanOptions;
use antumbra::io::table::TableReader;
use antumbra::pipeline::{Execution, FitSelection, NoProgress, Run, RunConfig, Steps, TargetOutcome};
use arrow::array::Array;

/// Least S/N of the claim.
const LEAST_SNR: f64 = 10.0;

/// What a candidate really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Planet,
    Binary,
    Blend,
    Nothing,
}

struct Signal {
    kind: Kind,
    period: f64,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Whether a found period is that of a signal, or a simple fraction or multiple of it.
fn is_of(found: f64, truth: f64) -> bool {
    [1.0, 0.5, 2.0, 1.0 / 3.0, 3.0].iter().any(|r| (found / (truth * r) - 1.0).abs() < 2e-3)
}

/// What the table says of a candidate, which is beside all of the run.
struct Row {
    disposition: String,
    score: f64,
    failed: String,
}

fn verdicts(path: &Path) -> HashMap<(String, u32), Row> {
    let mut table = TableReader::open(path, None).unwrap();
    let mut rows = HashMap::new();
    while let Some(batch) = table.batch().unwrap() {
        let text = |name: &str| table.text(&batch, name).unwrap().clone();
        let (ids, dispositions, failed) = (text("target_id"), text("disposition"), text("failed"));
        let (numbers, scores) = (table.integers(&batch, "candidate").unwrap(), table.floats(&batch, "score").unwrap());
        for i in 0..batch.num_rows() {
            let failed = if failed.is_valid(i) { failed.value(i).to_string() } else { String::new() };
            let row = Row { disposition: dispositions.value(i).to_string(), score: scores.value(i), failed };
            rows.insert((ids.value(i).to_string(), numbers.value(i) as u32), row);
        }
    }
    rows
}

#[test]
#[ignore = "minutes of computing"]
fn planets_stay_and_the_rest_goes() {
    let (seed, count) = (number("VETTING_SEED", 2026), number("VETTING_STARS", 2000) as usize);
    let population =
        PopulationConfig { count, planet_fraction: 0.3, binary_fraction: 0.2, ..PopulationConfig::default() };
    let simulate = SimulateConfig {
        seed,
        cadence: Cadence::Tess10min,
        segments: 2,
        edge_ramp: 5e-4,
        momentum_dump: 1e-4,
        population,
        ..SimulateConfig::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stars.parquet");
    let mut writer = DatasetWriter::create(&path).unwrap();
    let mut truth: HashMap<String, Vec<Signal>> = HashMap::new();
    let mut stars = [0; 3];
    for index in 0..count {
        let star = simulate.star(index).unwrap();
        let kind = match &star.binary {
            Some(binary) if binary.third_light > 0.0 => Kind::Blend,
            Some(_) => Kind::Binary,
            None => Kind::Planet,
        };
        stars[if star.binary.is_some() { 1 } else { usize::from(star.planets.is_empty()) * 2 }] += 1;
        let made = simulate_target(&simulate, index).unwrap();
        let of =
            |t: &antumbra::inject::Truth| (t.kind != TruthKind::Quiet).then_some(Signal { kind, period: t.period });
        truth.insert(made.target.target_id.clone(), made.truth.iter().filter_map(of).collect());
        writer.write(&made.target).unwrap();
    }
    writer.finish().unwrap();
    let selection = FitSelection { max_per_target: 0, ..FitSelection::default() };
    let config = RunConfig { fit_selection: selection, ..RunConfig::default() };
    let run = Run::new(&[path.display().to_string()], &config, &PlanOptions::default()).unwrap();
    let mut outcomes: Vec<TargetOutcome> = Vec::new();
    let out = dir.path().join("out");
    let summary = run
        .execute(Steps::SearchAndFit, &out, &Execution::default(), &NoProgress, |o| outcomes.push(o.clone()))
        .unwrap();
    outcomes.sort_by(|a, b| a.target_id.cmp(&b.target_id));
    let verdicts = verdicts(&out.join("vetting.parquet"));

    let (mut kept, mut of_kind, mut reasons) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut wrong = String::new();
    for outcome in &outcomes {
        let signals = &truth[&outcome.target_id];
        for candidate in &outcome.candidates {
            let vetted = &verdicts[&(outcome.target_id.clone(), candidate.number)];
            let period = candidate.ephemeris.period;
            if candidate.snr_red < LEAST_SNR {
                continue;
            }
            let exact = |s: &&Signal| (period / s.period - 1.0).abs() < 2e-3;
            // A planet at a multiple of its period is neither right nor a false alarm.
            let kind = match signals.iter().find(exact).or_else(|| signals.iter().find(|s| is_of(period, s.period))) {
                Some(s) if s.kind == Kind::Planet && !exact(&s) => continue,
                Some(s) => s.kind,
                None => Kind::Nothing,
            };
            let keeps = vetted.disposition == "candidate";
            *of_kind.entry(kind).or_insert(0usize) += 1;
            *kept.entry(kind).or_insert(0usize) += usize::from(keeps);
            if keeps != (kind == Kind::Planet) {
                let failed: Vec<&str> = vetted.failed.split("; ").filter(|f| !f.is_empty()).collect();
                failed.iter().for_each(|f| *reasons.entry(f.to_string()).or_insert(0) += 1);
                let (id, snr, n) = (&outcome.target_id, candidate.snr_red, candidate.n_transits);
                let _ = writeln!(
                    wrong,
                    "{kind:?} {id} {}: P {period:.4}, S/N {snr:.1}, {n} transits, score {:.2}: {}",
                    candidate.number,
                    vetted.score,
                    failed.join(", ")
                );
            }
        }
    }
    println!("{wrong}");
    println!("seed {seed}: {} stars with planets, {} binaries, {} without either", stars[0], stars[1], stars[2]);
    println!("| candidates of S/N {LEAST_SNR} and more | found | kept |\n|---|---|---|");
    let get = |map: &HashMap<Kind, usize>, kind| map.get(&kind).copied().unwrap_or(0);
    for kind in [Kind::Planet, Kind::Binary, Kind::Blend, Kind::Nothing] {
        println!("| {kind:?} | {} | {} |", get(&of_kind, kind), get(&kept, kind));
    }
    let planets = get(&kept, Kind::Planet);
    let completeness = Proportion::new(planets, get(&of_kind, Kind::Planet));
    let reliability = Proportion::new(planets, kept.values().sum());
    for (name, share) in [("completeness", completeness), ("reliability", reliability)] {
        let ((low, high), (lowest, highest)) = (share.interval(1.0), share.interval(2.0));
        let (n, of) = (share.successes, share.trials);
        println!(
            "{name} {:.4} = {n}/{of}, 68 % {low:.4} to {high:.4}, 95 % {lowest:.4} to {highest:.4}",
            share.share()
        );
    }
    let mut reasons: Vec<(String, i32)> = reasons.into_iter().collect();
    reasons.sort_by_key(|r| -r.1);
    println!("tests that failed planets: {reasons:?}\n{:?}\n{:?}", summary.counts, summary.timings);
    assert!(completeness.share() >= 0.91 && reliability.share() >= 0.97);
}
