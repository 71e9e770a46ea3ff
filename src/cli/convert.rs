//! `antumbra convert`: any light curves to one Parquet dataset.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::io::dataset::Precision;
use antumbra::io::read::{InputError, ReadConfig};
use antumbra::io::{ConvertError, convert_with};
use anyhow::Context;

/// Exit code of a command that did its work but left something out.
const DONE_WITH_ERRORS: u8 = 3;

/// Read light curves of any format and write them to one Parquet dataset
#[derive(Debug, clap::Args)]
pub struct ConvertArgs {
    /// Files, folders, globs or URLs: FITS, text, NumPy, Parquet
    #[arg(required = true)]
    input: Vec<String>,
    /// The dataset to write
    #[arg(long, short)]
    out: PathBuf,
    /// Times to a third of a millisecond and fluxes to a twentieth of their scatter, in a fraction of the space
    #[arg(long)]
    compact: bool,
    /// How to read the files (TOML: column names, time offset, quality mask, apertures)
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
}

pub fn run(args: &ConvertArgs) -> anyhow::Result<ExitCode> {
    let config = read_config(args.config.as_deref())?;
    let precision = if args.compact { Precision::Compact } else { Precision::Exact };
    let converted = match convert_with(&args.input, &args.out, &config, precision) {
        Ok(converted) => converted,
        Err(error) => {
            if let ConvertError::NoTargets { errors, .. } = &error {
                report(errors);
            }
            return Err(error.into());
        }
    };
    report(&converted.errors);
    let written = &converted.written;
    println!(
        "{}: {} targets, {} segments, {} cadences from {} files; {} left out",
        args.out.display(),
        written.targets,
        written.segments,
        written.cadences,
        converted.files.len(),
        converted.errors.len()
    );
    Ok(exit_code(&converted.errors))
}

/// The read configuration of a file, or the default one.
pub(super) fn read_config(path: Option<&std::path::Path>) -> anyhow::Result<ReadConfig> {
    let Some(path) = path else { return Ok(ReadConfig::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a read configuration", path.display()))
}

pub(super) fn report(errors: &[InputError]) {
    for error in errors {
        eprintln!("{error}");
    }
}

pub(super) fn exit_code(errors: &[InputError]) -> ExitCode {
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DONE_WITH_ERRORS) }
}
