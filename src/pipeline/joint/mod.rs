//! A joint fit from its TOML document to a directory of results.
//!
//! ```text
//! load     document, --set on top, checked                      (load)
//! read     the files it names, by columns                       (read)
//! run      fit, write: posterior, summary, LaTeX, transits, configuration, manifest   (write, latex)
//! figures  of the fit, as SVG and PNG       (figures)
//! compare  two such directories side by side                    (compare)
//! reweight the draws of one for a changed configuration         (reweight)
//! ```

mod compare;
mod figures;
mod latex;
mod load;
mod read;
mod reweight;
mod write;

use std::path::{Path, PathBuf};

pub use compare::{ComparedRow, compare};
pub use load::LoadedJoint;
pub use reweight::reweight_joint;

use crate::fit::joint::{JointError, JointFit, fit_joint};
use crate::io::table::TableError;

/// Why a joint fit has no results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JointRunError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The configuration cannot be used; names line or key, value, and what would be valid.
    #[error("{0}")]
    Config(String),
    #[error("{path}, line {line}: {reason}")]
    Row { path: PathBuf, line: usize, reason: String },
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("cannot fit")]
    Fit(#[from] JointError),
    #[error("cannot write to {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write the results")]
    Table(#[from] TableError),
}

impl JointRunError {
    /// Whether the configuration is to blame, rather than the data or the machine.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Config(_))
    }
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct JointInput {
    /// Name of the instrument.
    pub instrument: String,
    pub path: String,
    pub sha256: String,
    pub points: usize,
    /// Rows left out because a value in them is missing or not finite.
    pub rows_skipped: usize,
    /// Points left out because they are further than `window_days` from a transit.
    pub points_outside: usize,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct JointOutcome {
    pub fit: JointFit,
    pub inputs: Vec<JointInput>,
}

/// Whether a run draws figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Figures {
    #[default]
    Draw,
    LeaveOut,
}

/// Loads `path` with `assignments` on top, fits, and writes the results to `out`.
pub fn run_joint(
    path: &Path,
    assignments: &[String],
    seed: Option<u64>,
    out: &Path,
    figures: Figures,
) -> Result<JointOutcome, JointRunError> {
    let mut loaded = LoadedJoint::load(path, assignments)?;
    if let Some(seed) = seed {
        loaded.config.sampler.seed = seed;
    }
    let (data, inputs) = read::data(&loaded)?;
    let refuse = |e: JointError| match e {
        JointError::Value { .. } | JointError::NothingFree => JointRunError::Config(loaded.blame(&e)),
        e => e.into(),
    };
    // the table first, so that nothing is sampled or written for a configuration that does not fit together
    let posterior = crate::fit::joint::JointPosterior::new(&loaded.config, &data).map_err(refuse)?;
    std::fs::create_dir_all(out).map_err(|source| JointRunError::Write { path: out.to_path_buf(), source })?;
    let fit = fit_joint(&loaded.config, &data)?;
    write::results(&loaded, &posterior, &fit, &inputs, out)?;
    if figures == Figures::Draw {
        figures::write(&posterior, &data, &fit, out)?;
    }
    Ok(JointOutcome { fit, inputs })
}

#[cfg(test)]
mod tests;
