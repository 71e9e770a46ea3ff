//! `antumbra search`: candidates and single transits, or plain box least squares.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::bls::{self, BlsArgs};
use super::common::{CommonArgs, UsageError, folder_of, open_run};
use super::{exit, progress, tables};

/// Arguments of `antumbra search`.
#[derive(Args)]
pub struct SearchArgs {
    /// Light curves: files, directories, glob patterns or URLs
    #[arg(required = true)]
    input: Vec<String>,
    /// Parquet file for the candidates; single transits go to NAME_single.parquet beside it
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// What to run on each light curve
    #[arg(long, value_enum, default_value_t = Method::Full)]
    method: Method,
    #[command(flatten)]
    bls: BlsArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// Ways to search.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Periodic candidates, one after the other until nothing is left, and single transits
    Full,
    /// Box least squares on a grid of periods and durations: the highest peak of each light curve
    Bls,
}

pub fn run(args: &SearchArgs) -> anyhow::Result<ExitCode> {
    if args.method == Method::Bls {
        return bls::run(&args.input, &args.out, &args.bls, &args.common);
    }
    if let Some(option) = args.bls.given() {
        return Err(UsageError(format!("{option} needs --method bls")).into());
    }
    let config = args.common.config()?;
    let run = open_run(&args.input, &config, None, &folder_of(&args.out))?;
    let mut errors = 0;
    for row in run.refused() {
        errors += 1;
        eprintln!("{}: {}", row.source, row.reason);
    }
    let display = progress::display(args.common.progress, run.n_targets());
    let counts = run.search_to(&args.out, &args.common.execution(), display.as_ref(), |outcome| {
        for row in &outcome.errors {
            errors += 1;
            eprintln!("{}: {}", row.source, row.reason);
        }
    })?;
    tables::print_results(&tables::ResultFiles::of_search(&args.out), &args.input)?;
    println!(
        "\n{} candidates and {} single transits of {} targets in {}",
        counts.candidates,
        counts.single_transits,
        counts.targets,
        args.out.display()
    );
    Ok(ExitCode::from(if errors > 0 || counts.error_rows > 0 { exit::WITH_ERRORS } else { exit::DONE }))
}
