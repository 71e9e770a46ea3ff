//! Why a run ended without results.

use std::path::PathBuf;

use super::manifest::Counts;
use crate::io::table::TableError;

/// Why a run ended without results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    #[error("cannot write to {path}")]
    Output { path: PathBuf, source: std::io::Error },
    #[error("cannot write the results")]
    Table(#[from] TableError),
    #[error("the counts of the run do not add up: {counts:?}")]
    Counts { counts: Box<Counts> },
}
