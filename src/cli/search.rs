//! `antumbra search`: candidates only.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::common::{CommonArgs, open_run};
use super::{exit, progress, tables};

/// Arguments of `antumbra search`.
#[derive(Args)]
pub struct SearchArgs {
    /// Light curves: files, directories or glob patterns
    #[arg(required = true)]
    input: Vec<String>,
    /// Parquet file for the candidates
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: &SearchArgs) -> anyhow::Result<ExitCode> {
    let config = args.common.config()?;
    let pool = args.common.pool()?;
    let run = open_run(&args.input, &config)?;
    let mut errors = 0;
    for row in run.refused() {
        errors += 1;
        eprintln!("{}: {}", row.source, row.reason);
    }
    let display = progress::display(args.common.progress, run.n_targets());
    let mut rows = tables::ResultRows::default();
    let counts = run.search_to(&args.out, &pool, display.as_ref(), |outcome| {
        rows.add(outcome);
        for row in &outcome.errors {
            errors += 1;
            eprintln!("{}: {}", row.source, row.reason);
        }
    })?;
    tables::print_results(&rows, &args.input);
    println!("\n{} candidates of {} targets in {}", counts.candidates, counts.targets, args.out.display());
    Ok(ExitCode::from(if errors > 0 { exit::WITH_ERRORS } else { exit::DONE }))
}
