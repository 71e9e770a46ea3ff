//! `antumbra run`: the main job.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::{RunSummary, Steps};
use clap::Args;

use super::common::{CommonArgs, open_run};
use super::{exit, progress, tables};

/// Arguments of `antumbra run`.
#[derive(Args)]
pub struct RunArgs {
    /// Light curves: files, directories or glob patterns
    #[arg(required = true)]
    input: Vec<String>,
    /// Directory for the results; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = args.common.config()?;
    let pool = args.common.pool()?;
    let run = open_run(&args.input, &config)?;
    let display = progress::display(args.common.progress, run.n_targets());
    let mut rows = tables::ResultRows::default();
    let summary = run.execute(Steps::SearchAndFit, &args.out, &pool, display.as_ref(), |outcome| rows.add(outcome))?;
    tables::print_results(&rows, &args.input);
    report(&summary, &args.out);
    Ok(ExitCode::from(exit_code(&summary)))
}

pub fn report(summary: &RunSummary, out: &std::path::Path) {
    let (c, t) = (&summary.counts, &summary.timings);
    println!(
        "\n{} targets searched, {} failed; {} candidates, {} fits ({} not converged); {} error rows; {:.1} s",
        c.targets_searched,
        c.targets_failed,
        c.candidates,
        c.fits_converged + c.fits_not_converged,
        c.fits_not_converged,
        c.error_rows,
        t.wall_s
    );
    println!("results in {}: candidates, targets, fits, posteriors, errors (.parquet), manifest.json", out.display());
}

pub fn exit_code(summary: &RunSummary) -> u8 {
    if summary.counts.fits_not_converged > 0 {
        exit::NOT_CONVERGED
    } else if summary.counts.error_rows > 0 {
        exit::WITH_ERRORS
    } else {
        exit::DONE
    }
}
