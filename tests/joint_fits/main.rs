//! Joint fits of published systems, from the command line's own path; skipped where the data are not beside the repository.
//!
//! `cargo test --test joint_fits -- --ignored --nocapture` prints a table of differences in combined sigma.

mod bands;
mod phase_curves;
mod simulated;
mod velocities;

use std::path::{Path, PathBuf};

use antumbra::pipeline::{Figures, JointExecution, JointOutcome, run_joint};

/// Light curves beside the repository, if they are there.
fn light_curves() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = ["../shared/data/lightcurves", "../../shared/data/lightcurves"].map(|p| root.join(p));
    let found = dir.into_iter().find(|d| d.is_dir());
    if found.is_none() {
        println!("skipped: no light curves beside the repository");
    }
    found
}

/// Fits a document whose `DATA` stands for the folder of light curves.
fn fit(name: &str, document: &str) -> Option<JointOutcome> {
    let data = light_curves()?;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fit.toml");
    std::fs::write(&path, document.replace("DATA", &data.canonicalize().unwrap().display().to_string())).unwrap();
    let start = std::time::Instant::now();
    let execution = JointExecution { figures: Figures::LeaveOut, ..JointExecution::default() };
    let outcome =
        run_joint(&path, &[], None, &dir.path().join("out"), &execution).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let d = &outcome.fit.diagnostics;
    println!(
        "\n{name}: {} parameters, {} points, {}, {} evaluations, k-hat {:?}, {:.1} s, {:?}",
        outcome.fit.fitted.len(),
        outcome.fit.n_points,
        d.method,
        d.evaluations,
        d.pareto_k,
        start.elapsed().as_secs_f64(),
        outcome.fit.status
    );
    Some(outcome)
}

/// Prints found and published values; asserts that they differ by less than `limit` combined sigma.
fn compare(outcome: &JointOutcome, limit: f64, published: &[(&str, f64, f64)]) {
    let mut misses = Vec::new();
    for (name, value, error) in published {
        let (found, sigma) = quantity(outcome, name);
        let off = (found - value) / sigma.hypot(*error);
        println!("  {name:<36} {found:>16.6} ± {sigma:<12.6} {value:>16.6} ± {error:<12.6} {off:+.2}");
        if off.is_nan() || off.abs() > limit {
            misses.push(*name);
        }
    }
    assert!(misses.is_empty(), "beyond {limit} sigma: {misses:?}");
}

/// Median and error of a quantity, or of one of two combinations that others report: `rsuma` and `cosi` of planet `NAME`.
fn quantity(outcome: &JointOutcome, name: &str) -> (f64, f64) {
    if let Some(s) = outcome.fit.get(name) {
        return (s.median, s.sigma());
    }
    let draws = &outcome.fit.draws;
    let column = |name: String| {
        let at = draws.names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("no {name}"));
        &draws.columns[at]
    };
    let (planet, last) = name.rsplit_once('.').unwrap();
    let mut values: Vec<f64> = match last {
        "rsuma" => {
            let (k, a) = (column(format!("{planet}.rp_rs")), column(format!("{planet}.a_rs")));
            k.iter().zip(a).map(|(k, a)| (1.0 + k) / a).collect()
        }
        "cosi" => column(format!("{planet}.inclination")).iter().map(|i| i.cos()).collect(),
        _ => panic!("no {name}"),
    };
    values.sort_by(f64::total_cmp);
    let quantile = |p: f64| values[(p * (values.len() - 1) as f64) as usize];
    (quantile(0.5), 0.5 * (quantile(0.8413) - quantile(0.1587)))
}
