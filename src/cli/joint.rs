//! `antumbra fit CONFIG.toml`: a joint fit of light curves and radial velocities.

use std::path::Path;
use std::process::ExitCode;

use antumbra::fit::joint::{JointFit, JointStatus, QuantitySummary};
use antumbra::pipeline::{JointExecution, JointOutcome, JointRunError, run_joint};

use super::common::{CommonArgs, UsageError};
use super::exit;

pub fn run(document: &Path, common: &CommonArgs, out: &Path, execution: &JointExecution) -> anyhow::Result<ExitCode> {
    let (assignments, seed) = common.overrides()?;
    let pool = common.pool()?;
    let execution = JointExecution { tell: &|notice| eprintln!("antumbra: {notice}"), ..*execution };
    let outcome = pool.install(|| run_joint(document, assignments, seed, out, &execution)).map_err(|e| match e {
        JointRunError::Config(reason) => anyhow::Error::from(UsageError(reason)),
        e => e.into(),
    })?;
    Ok(report(&outcome, out))
}

/// Prints a fit, and says by the exit code whether it has converged.
pub(super) fn report(outcome: &JointOutcome, out: &Path) -> ExitCode {
    for input in &outcome.inputs {
        let mut left_out = Vec::new();
        if input.rows_skipped > 0 {
            left_out.push(format!("{} rows without a number skipped", input.rows_skipped));
        }
        if input.points_outside > 0 {
            left_out.push(format!("{} points outside the window", input.points_outside));
        }
        let note = if left_out.is_empty() { String::new() } else { format!(" ({})", left_out.join(", ")) };
        println!("{}: {} points{note}", input.instrument, input.points);
    }
    print_fit(&outcome.fit);
    println!("results in {}", out.display());
    match &outcome.fit.status {
        JointStatus::Converged => ExitCode::from(exit::DONE),
        JointStatus::NotConverged { reason } => {
            eprintln!("antumbra: the fit has not converged: {reason}");
            ExitCode::from(exit::NOT_CONVERGED)
        }
    }
}

fn print_fit(fit: &JointFit) {
    for (title, rows) in [("fitted", &fit.fitted), ("derived", &fit.derived)] {
        println!("\n{title:<36} {:>18} {:>12} {:>12} {:>8} {:>8}", "median", "-68 %", "+68 %", "ESS", "R-hat");
        rows.iter().for_each(print_row);
    }
    let d = &fit.diagnostics;
    print!("\n{} of {} points, {} evaluations", d.method, fit.n_points, d.evaluations);
    if let Some(k) = d.pareto_k {
        print!(", k-hat {k:.2}");
    }
    if let Some((evidence, error)) = d.log_evidence {
        print!(", ln evidence {evidence:.2} ± {error:.2}");
    }
    println!();
}

fn print_row(s: &QuantitySummary) {
    let (up, down) = (s.upper_68 - s.median, s.median - s.lower_68);
    let least = up.min(down);
    let digits = if least > 0.0 { (2.0 - least.log10().floor()).clamp(0.0, 12.0) as usize } else { 6 };
    let r_hat = if s.r_hat.is_nan() { "-".to_string() } else { format!("{:.3}", s.r_hat) };
    let name = &s.name;
    println!(
        "{name:<36} {:>18.digits$} {down:>12.digits$} {up:>12.digits$} {:>8.0} {r_hat:>8} {}",
        s.median,
        s.ess_bulk.min(s.ess_tail),
        s.unit
    );
}
