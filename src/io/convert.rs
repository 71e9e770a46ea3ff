//! Any light curves to one dataset.

use std::path::Path;

use rayon::prelude::*;

use super::dataset::{DatasetError, DatasetSummary, DatasetWriter};
use super::read::{InputError, InputFile, ReadConfig, read_target, scan};

/// Targets read at a time, in parallel, before they are written in order.
const BATCH_TARGETS: usize = 64;

/// Why no dataset was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    #[error(transparent)]
    Dataset(#[from] DatasetError),
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
    let scan = scan(inputs, config);
    let mut errors = scan.errors;
    let mut writer: Option<DatasetWriter> = None;
    for batch in scan.targets.chunks(BATCH_TARGETS) {
        let read: Vec<_> = batch.par_iter().map(|target| read_target(target, config)).collect();
        for result in read {
            errors.extend(result.errors);
            if let Some(target) = result.target {
                let writer = match writer.as_mut() {
                    Some(writer) => writer,
                    None => writer.insert(DatasetWriter::create(out)?),
                };
                writer.write(&target)?;
            }
        }
    }
    match writer {
        Some(writer) => Ok(Converted { written: writer.finish()?, errors, files: scan.files }),
        None => Err(ConvertError::NoTargets { files: scan.files.len(), errors }),
    }
}
