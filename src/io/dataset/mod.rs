//! Our own collection of light curves: one Parquet table, one row a target and segment, list columns.
//!
//! The columns, their units and their meaning are in [`schema`] and travel as Arrow field metadata; the file metadata
//! carries `table` and `schema_version`. Times, fluxes and errors are written to the last bit, or as whole numbers that lose
//! less than matters and take a fraction of the space ([`Precision`]); readers tell which.

mod columns;
mod compact;
mod reader;
mod schema;
mod writer;

pub use reader::{SegmentRow, segments_of_batch};
pub use schema::{Precision, SCHEMA_VERSION, TABLE, is_dataset, schema, schema_of};
pub use writer::{DatasetSummary, DatasetWriter};

/// Why a dataset could not be written or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    #[error("{path}: {source}")]
    File { path: std::path::PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Parquet { path: std::path::PathBuf, source: parquet::errors::ParquetError },
    #[error("{path}: {source}")]
    Arrow { path: std::path::PathBuf, source: arrow::error::ArrowError },
    #[error("segment {segment} of {target_id} has {time} times, {other} of {column}")]
    Lengths { target_id: String, segment: String, time: usize, column: &'static str, other: usize },
    #[error("column {column} is missing")]
    MissingColumn { column: &'static str },
    #[error("column {column} is of type {found}, not {expected}")]
    ColumnType { column: &'static str, found: String, expected: &'static str },
    #[error("column {column} is null at row {row}")]
    Null { column: &'static str, row: usize },
}
