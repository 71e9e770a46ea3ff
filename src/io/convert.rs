//! Any light curves to one dataset.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::dataset::{DatasetError, DatasetSummary, DatasetWriter, Precision};
use super::read::{InputError, InputFile, OpenFiles, Order, PlanOptions, ReadConfig, plan, read_targets};

/// Why no dataset was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error("cannot write to the folder for temporary files")]
    Scratch(#[from] std::io::Error),
    #[error("none of the {files} files holds a light curve")]
    NoTargets { files: usize, errors: Vec<InputError> },
}

/// What a conversion did.
#[derive(Debug)]
pub struct Converted {
    pub written: DatasetSummary,
    /// What was left out, with reasons.
    pub errors: Vec<InputError>,
    /// All files looked at.
    pub files: Vec<InputFile>,
}

/// Reads all inputs and writes them to `out`, targets sorted by id. Reading the dataset gives back the same targets.
///
/// The dataset appears only when it is whole, and not at all where no input holds a light curve.
pub fn convert(inputs: &[String], out: &Path, config: &ReadConfig) -> Result<Converted, ConvertError> {
    convert_with(inputs, out, config, Precision::Exact)
}

/// The same, as exactly as one likes.
pub fn convert_with(
    inputs: &[String],
    out: &Path,
    config: &ReadConfig,
    precision: Precision,
) -> Result<Converted, ConvertError> {
    let plan = plan(inputs, config, &PlanOptions { order: Order::Target, ..PlanOptions::default() })?;
    let open = OpenFiles::default();
    let mut errors = Vec::new();
    let mut writer: Option<DatasetWriter> = None;
    for units in plan.units.chunks(rayon::current_num_threads()) {
        let read: Vec<_> =
            units.par_iter().map(|unit| Ok(read_targets(&plan.targets_of(unit)?, config, &open))).collect();
        for unit in read {
            for result in unit.map_err(ConvertError::Scratch)? {
                errors.extend(result.errors);
                if let Some(target) = result.target {
                    let writer = match writer.as_mut() {
                        Some(writer) => writer,
                        None => writer.insert(DatasetWriter::create_with(out, precision)?),
                    };
                    writer.write(&target)?;
                }
            }
        }
    }
    errors.splice(0..0, plan.errors);
    let files: Vec<InputFile> = plan.files.into_iter().map(Arc::unwrap_or_clone).collect();
    match writer {
        Some(writer) => Ok(Converted { written: writer.finish()?, errors, files }),
        None => Err(ConvertError::NoTargets { files: files.len(), errors }),
    }
}
