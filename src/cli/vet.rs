//! `antumbra vet`: candidates of a list judged on their light curves.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::io::candidate_list::read_candidate_list;
use antumbra::pipeline::ListedOutcome;
use clap::Args;

use super::common::{CommonArgs, UsageError, folder_of, open_run, profile_choice};
use super::{exit, progress, tables};

/// Arguments of `antumbra vet`.
#[derive(Args)]
pub struct VetArgs {
    /// Light curves: files, directories, glob patterns or URLs
    #[arg(required = true)]
    input: Vec<String>,
    /// Candidates: `candidates.parquet` of a run or a search, or a CSV file with columns target_id, period, transit_time
    /// and duration, all in days
    #[arg(long, value_name = "FILE")]
    candidates: PathBuf,
    /// Parquet file for the verdicts
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Judge by this profile: `antumbra`, `robovetter-dr25`, `leo-vetter`, or a file
    #[arg(long, value_name = "NAME|FILE.toml")]
    profile: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Rows printed before the rest is only counted.
const MOST_ROWS: usize = 60;

pub fn run(args: &VetArgs) -> anyhow::Result<ExitCode> {
    let mut config = args.common.config()?;
    if let Some(name) = &args.profile {
        config.vet.profile = profile_choice(name)?;
    }
    if config.vet.profile.profile().is_none() {
        return Err(UsageError("there is no profile to vet by".into()).into());
    }
    let list = read_candidate_list(&args.candidates)?;
    let run = open_run(&args.input, &config, None, &folder_of(&args.out))?;
    let mut errors = 0;
    for row in run.refused() {
        errors += 1;
        eprintln!("{}: {}", row.source, row.reason);
    }
    let display = progress::display(args.common.progress, run.n_targets());
    let (mut rows, mut total) = (Vec::new(), 0);
    let counts = run.vet_to(&args.out, list, &args.common.execution(), display.as_ref(), |of| {
        total += 1;
        if rows.len() < MOST_ROWS {
            rows.push(cells(of));
        }
    })?;
    let header = ["target", "no", "period (d)", "vetting", "score", "because"];
    tables::print_table(&header, &rows);
    if total > rows.len() {
        println!("… and {} more", total - rows.len());
    }
    println!(
        "\n{} candidates: {} of planets, {} false positives, {} false alarms, {} not vetted; in {}",
        counts.candidates,
        counts.vetted_candidates,
        counts.vetted_false_positives,
        counts.vetted_false_alarms,
        counts.vetted_failed,
        args.out.display()
    );
    Ok(ExitCode::from(if errors + counts.vetted_failed > 0 { exit::WITH_ERRORS } else { exit::DONE }))
}

fn cells(of: &ListedOutcome) -> Vec<String> {
    let c = &of.candidate;
    let mut cells = vec![c.target_id.clone(), c.number.to_string(), format!("{:.6}", c.period)];
    match &of.vetted {
        Ok(v) => cells.extend([
            v.verdict.disposition.name().replace('_', " "),
            format!("{:.2}", v.score),
            v.verdict.failing().iter().map(|t| t.name()).collect::<Vec<_>>().join(", "),
        ]),
        Err(reason) => cells.extend(["not vetted".into(), String::new(), reason.clone()]),
    }
    cells
}
