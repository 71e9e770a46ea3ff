//! Why a run ended without results.

use std::path::PathBuf;

use super::manifest::Counts;
use crate::io::table::TableError;

/// Why a run ended without results. What was computed before it is kept, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    #[error("cannot write to {path}")]
    Output { path: PathBuf, source: std::io::Error },
    #[error("cannot read {path}")]
    Input { path: PathBuf, source: std::io::Error },
    #[error("cannot read the plan of the run from its temporary file")]
    Scratch(#[source] std::io::Error),
    #[error("cannot write the results")]
    Table(#[from] TableError),
    #[error("cannot encode {path}")]
    Part { path: PathBuf, source: arrow::error::ArrowError },
    #[error("{path} is damaged")]
    DamagedPart { path: PathBuf },
    #[error("{path} is in use by another process")]
    InUse { path: PathBuf },
    #[error(
        "{path} holds a run that is not finished, and not this one: {what}; give another directory, or leave --resume out"
    )]
    NotThisRun { path: PathBuf, what: String },
    #[error("the counts of the run do not add up: {counts:?}; {tables}")]
    Counts { counts: Box<Counts>, tables: String },
    #[error("{path} is not a result of antumbra: {reason}")]
    NotAResult { path: PathBuf, reason: String },
    #[error("cannot start worker threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    #[error("cannot merge: {reason}")]
    Merge { reason: String },
}
