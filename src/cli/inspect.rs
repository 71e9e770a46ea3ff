//! `antumbra inspect`: what is in files of light curves, and what is wrong with them.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::io::inspect::inspect;

use super::convert::{exit_code, read_config, report};

/// Show what is in a file and what is wrong with it, column by column
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// Files, folders, globs or URLs: FITS, text, NumPy, Parquet
    #[arg(required = true)]
    input: Vec<String>,
    /// How to read the files (TOML: column names, time offset, quality mask, apertures)
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
}

pub fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let config = read_config(args.config.as_deref())?;
    let (reports, mut errors) = inspect(&args.input, &config);
    for file in reports {
        println!("{file}");
        errors.extend(file.errors);
    }
    report(&errors);
    Ok(exit_code(&errors))
}
