//! A joint fit from its TOML document to a directory of results.
//!
//! ```text
//! load     document, --set on top, checked                      (load)
//! read     the files it names, by columns                       (read)
//! run      fit, write: posterior, summary, LaTeX, transits, configuration, manifest   (write, latex)
//! checkpoint   of a fit whose chains run, to go on after it was killed   (checkpoint)
//! figures  of the fit, as SVG and PNG       (figures)
//! compare  two such directories side by side                    (compare)
//! reweight the draws of one for a changed configuration         (reweight)
//! ```

mod checkpoint;
mod compare;
mod figures;
mod latex;
mod load;
mod read;
mod reweight;
mod write;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use checkpoint::CheckpointFile;
pub use compare::{ComparedRow, compare};
pub use load::LoadedJoint;
pub use reweight::reweight_joint;

use super::lock::{DirectoryLock, LockError};
use super::run::Existing;
use crate::fit::joint::{JointCheckpoint, JointData, JointError, JointFit, JointProgress, continue_joint};
use crate::io::table::TableError;
use crate::sample::{Every, SampleError};

/// The file whose lock says that a process writes to the directory.
const LOCK: &str = ".lock";

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
    #[error(
        "{path} is the checkpoint of a different fit: of another version, configuration, seed or data; give another directory, or leave --resume out"
    )]
    NotThisFit { path: PathBuf },
    #[error(
        "{path} is in use by another process of antumbra; give another directory, or wait until that one has ended: the same command then goes on from what it has left"
    )]
    InUse { path: PathBuf },
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

/// How to carry out a fit: nothing of this changes a byte of its tables.
#[derive(Clone, Copy)]
pub struct JointExecution<'a> {
    pub figures: Figures,
    /// What to do with the checkpoint of a fit that was not finished.
    pub existing: Existing,
    /// Time between checkpoints; more where writing them would take more than a fiftieth of it.
    pub checkpoint_interval: Duration,
    /// Is told what becomes of checkpoints, when it happens.
    pub tell: &'a (dyn Fn(&JointNotice) + Sync),
}

impl Default for JointExecution<'_> {
    fn default() -> Self {
        Self {
            figures: Figures::default(),
            existing: Existing::default(),
            checkpoint_interval: Duration::from_secs(10),
            tell: &|_| {},
        }
    }
}

/// What became of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JointNotice {
    /// `draws` of every chain are there.
    GoesOn {
        path: PathBuf,
        draws: usize,
    },
    PutAside {
        path: PathBuf,
        to: PathBuf,
    },
    Damaged {
        path: PathBuf,
        reason: String,
    },
    /// The fit goes on, but if it is killed it must start anew.
    NotKept {
        path: PathBuf,
        reason: String,
    },
}

impl fmt::Display for JointNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoesOn { path, draws: 0 } => write!(f, "going on from {}, warming up", path.display()),
            Self::GoesOn { path, draws } => write!(f, "going on from {}, {draws} draws of each chain", path.display()),
            Self::PutAside { path, to } => write!(
                f,
                "{} is of another version, configuration, seed or data: it was put aside as {}, and the fit starts anew",
                path.display(),
                to.display()
            ),
            Self::Damaged { path, reason } => {
                write!(f, "{} is damaged ({reason}): the fit starts anew", path.display())
            }
            Self::NotKept { path, reason } => {
                write!(f, "cannot write {} ({reason}): the fit goes on without checkpoints", path.display())
            }
        }
    }
}

/// Loads `path` with `assignments` on top, fits, and writes the results to `out`. A fit that was killed there is gone on with,
/// and has the same bytes as one that was not.
pub fn run_joint(
    path: &Path,
    assignments: &[String],
    seed: Option<u64>,
    out: &Path,
    execution: &JointExecution,
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
    let _lock = lock(out)?;
    let mut checkpoint =
        CheckpointFile::new(out, checkpoint::key(&loaded.config, &data), execution.checkpoint_interval, execution.tell);
    let fit = fit(&loaded, &data, execution.existing, &mut checkpoint)?;
    write::results(&loaded, &posterior, &fit, &inputs, out)?;
    if execution.figures == Figures::Draw {
        figures::write(&posterior, &data, &fit, out)?;
    }
    checkpoint.remove();
    Ok(JointOutcome { fit, inputs })
}

/// Makes the directory of results where it is missing; no two processes write to it at a time.
fn lock(out: &Path) -> Result<DirectoryLock, JointRunError> {
    DirectoryLock::acquire(out, LOCK).map_err(|e| match e {
        LockError::InUse => JointRunError::InUse { path: out.to_path_buf() },
        LockError::Io(source) => JointRunError::Write { path: out.to_path_buf(), source },
    })
}

/// Fits, from the checkpoint if there is one that can be used.
fn fit(
    loaded: &LoadedJoint,
    data: &JointData,
    existing: Existing,
    file: &mut CheckpointFile,
) -> Result<JointFit, JointRunError> {
    let every = Every::Time(file.offered());
    let mut from = file.load(existing)?;
    loop {
        let was_begun = from.is_some();
        let keep = |checkpoint: &JointCheckpoint| {
            file.keep(checkpoint);
            ControlFlow::Continue(())
        };
        match continue_joint(&loaded.config, data, from.take(), every, keep) {
            Ok(JointProgress::Done(fit)) => return Ok(*fit),
            Ok(JointProgress::Paused(checkpoint)) => from = Some(checkpoint),
            Err(JointError::Sample(error @ SampleError::Checkpoint { .. })) if was_begun => {
                file.damaged(error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
