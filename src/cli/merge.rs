//! `antumbra merge`: shards of a run put together.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::merge;
use clap::Args;

use super::run::{exit_code, report};

/// Arguments of `antumbra merge`.
#[derive(Args)]
pub struct MergeArgs {
    /// Directories that `antumbra run --shard` has written; one may be given twice
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,
    /// Directory for the results; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let summary = merge(&args.shards, &args.out)?;
    report(&summary, &args.out);
    Ok(ExitCode::from(exit_code(&summary)))
}
