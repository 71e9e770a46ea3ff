//! `antumbra search --method bls`: plain box least squares on the user's grid.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use antumbra::pipeline::{BlsObjective, BlsOutcome, BlsRequest, power};
use antumbra::search::{PeriodGrid, PeriodSpacing};
use anyhow::Context;
use clap::{Args, ValueEnum};

use super::common::{CommonArgs, UsageError, folder_of, open_run};
use super::{exit, progress, tables};

/// Bins in the shortest duration, as astropy has it.
const OVERSAMPLE: usize = 10;
/// Rows printed before the rest is only counted.
const MOST_ROWS: usize = 60;

/// Options of `--method bls`.
#[derive(Args)]
#[command(next_help_heading = "Plain box least squares (--method bls)")]
pub struct BlsArgs {
    /// Trial periods in days: MIN:MAX:N[:linear|log|frequency] (frequency by default), a text file with one period a line,
    /// or auto[:FACTOR] for astropy's automatic grid [default: auto]
    #[arg(long, value_name = "GRID")]
    period_grid: Option<String>,
    /// Trial durations in days, separated by commas
    #[arg(long, value_name = "D,D,…", value_delimiter = ',')]
    durations: Vec<f64>,
    /// Phase bins in the shortest duration [default: 10]
    #[arg(long, value_name = "N")]
    oversample: Option<usize>,
    /// What `power` is [default: likelihood]
    #[arg(long, value_enum)]
    objective: Option<Objective>,
    /// Directory for whole periodograms, one Parquet file a target
    #[arg(long, value_name = "DIR")]
    periodogram: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Objective {
    /// Δχ²/2
    Likelihood,
    /// Depth over its error
    Snr,
}

impl BlsArgs {
    /// Name of an option that was given, if any.
    pub fn given(&self) -> Option<&'static str> {
        [
            (self.period_grid.is_some(), "--period-grid"),
            (!self.durations.is_empty(), "--durations"),
            (self.oversample.is_some(), "--oversample"),
            (self.objective.is_some(), "--objective"),
            (self.periodogram.is_some(), "--periodogram"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }

    fn request(&self) -> anyhow::Result<BlsRequest> {
        if self.durations.is_empty() {
            return Err(UsageError("--method bls needs --durations, in days".into()).into());
        }
        let objective = match self.objective {
            Some(Objective::Snr) => BlsObjective::Snr,
            Some(Objective::Likelihood) | None => BlsObjective::Likelihood,
        };
        let request = BlsRequest {
            periods: grid(self.period_grid.as_deref().unwrap_or("auto"))?,
            durations: self.durations.clone(),
            oversample: self.oversample.unwrap_or(OVERSAMPLE),
            objective,
        };
        request.validate().map_err(|e| UsageError(e.to_string()))?;
        Ok(request)
    }
}

/// Runs it: one row a target into `out`.
pub fn run(input: &[String], out: &Path, args: &BlsArgs, common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let request = args.request()?;
    let config = common.config()?;
    let run = open_run(input, &config, None, &folder_of(out))?;
    let mut errors = 0;
    for row in run.refused() {
        errors += 1;
        eprintln!("{}: {}", row.source, row.reason);
    }
    let display = progress::display(common.progress, run.n_targets());
    let mut rows = Vec::new();
    run.bls_to(out, &request, args.periodogram.as_deref(), &common.execution(), display.as_ref(), |outcome| {
        for row in &outcome.errors {
            errors += 1;
            eprintln!("{}: {}", row.source, row.reason);
        }
        rows.extend(cells(outcome, request.objective));
    })?;
    let header = ["target", "period (d)", "transit time", "duration (h)", "depth (ppm)", "S/N", "power"];
    tables::print_table(&header, &rows[..rows.len().min(MOST_ROWS)]);
    if rows.len() > MOST_ROWS {
        println!("… and {} more", rows.len() - MOST_ROWS);
    }
    println!("\nHighest peaks of {} of {} targets in {}", rows.len(), run.n_targets(), out.display());
    Ok(ExitCode::from(if errors > 0 { exit::WITH_ERRORS } else { exit::DONE }))
}

fn cells(outcome: &BlsOutcome, objective: BlsObjective) -> Option<Vec<String>> {
    let best = outcome.periodogram.as_ref()?.best()?;
    Some(vec![
        outcome.target_id.clone(),
        format!("{:.6}", best.period),
        format!("{:.4}", best.transit_time),
        format!("{:.2}", best.duration * 24.0),
        format!("{:.0}", best.statistic.depth * 1e6),
        format!("{:.1}", best.statistic.snr),
        format!("{:.2}", power(best, objective)),
    ])
}

/// A grid as written on the command line. A file's name may have colons in it, so a file that is there comes first.
fn grid(text: &str) -> anyhow::Result<PeriodGrid> {
    if Path::new(text).is_file() {
        return list(Path::new(text));
    }
    let refuse = |reason: &str| UsageError(format!("--period-grid {text}: {reason}"));
    let parts: Vec<&str> = text.split(':').collect();
    let number = |s: &str| s.trim().parse::<f64>().map_err(|_| refuse(&format!("`{s}` is not a number")));
    match parts.as_slice() {
        ["auto"] => Ok(PeriodGrid::Auto { factor: 1.0 }),
        ["auto", factor] => Ok(PeriodGrid::Auto { factor: number(factor)? }),
        [min, max, n, spacing @ ..] if spacing.len() < 2 => {
            let spacing = match spacing.first() {
                None | Some(&"frequency") => PeriodSpacing::Frequency,
                Some(&"linear") => PeriodSpacing::Linear,
                Some(&"log") => PeriodSpacing::Log,
                Some(other) => return Err(refuse(&format!("`{other}` is not linear, log or frequency")).into()),
            };
            let n = n.trim().parse().map_err(|_| refuse(&format!("`{n}` is not a number of periods")))?;
            Ok(PeriodGrid::Spaced { min: number(min)?, max: number(max)?, n, spacing })
        }
        [_] => Err(refuse("no such file, and not MIN:MAX:N or auto").into()),
        _ => Err(refuse("expected MIN:MAX:N[:linear|log|frequency]").into()),
    }
}

/// One period a line; blank lines and what follows a `#` are skipped.
fn list(path: &Path) -> anyhow::Result<PeriodGrid> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut periods = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let period = line
            .parse()
            .map_err(|_| UsageError(format!("{}, line {}: `{line}` is not a period", path.display(), i + 1)))?;
        periods.push(period);
    }
    Ok(PeriodGrid::List(periods))
}
