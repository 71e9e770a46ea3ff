//! `antumbra report`: pages of the candidates of a run.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::{Sheets, report_run};
use anyhow::Context;
use clap::Args;

use super::common::profile_choice;
use super::exit;

/// Arguments of `antumbra report`.
#[derive(Args)]
pub struct ReportArgs {
    /// Directory that `antumbra run` wrote; the light curves must still be where they were
    dir: PathBuf,
    /// Vet anew by this profile: `antumbra`, `robovetter-dr25`, `leo-vetter`, or a file; `none` for no vetting. By
    /// default the pages say what the run's tables say
    #[arg(long, value_name = "NAME|FILE.toml")]
    profile: Option<String>,
    /// Leave out the one-page summaries as PNG and PDF
    #[arg(long)]
    no_sheets: bool,
    /// Worker threads; 0 for one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

pub fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let profile = args.profile.as_deref().map(profile_choice).transpose()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build().context("cannot start threads")?;
    let sheets = if args.no_sheets { Sheets::LeaveOut } else { Sheets::Write };
    let summary = pool.install(|| report_run(&args.dir, profile, sheets))?;
    for (target, reason) in &summary.failed {
        eprintln!("{target}: {reason}");
    }
    for path in &summary.changed {
        eprintln!("{path}: not what the run read; its pages may differ from the tables");
    }
    println!("{} pages of {} targets: {}", summary.pages, summary.targets, summary.index.display());
    let is_whole = summary.failed.is_empty() && summary.changed.is_empty();
    Ok(ExitCode::from(if is_whole { exit::DONE } else { exit::WITH_ERRORS }))
}
