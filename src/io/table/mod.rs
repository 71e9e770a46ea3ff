//! Result tables: one static list of columns a table, rows appended one by one, written as Parquet.
//!
//! The column list is the only place where a column's name, type, unit and description stand; the Arrow schema, the
//! written metadata and `docs/schema.md` all come from it.

mod reader;
mod rows;
mod schemas;
mod trials;
mod writer;

pub use reader::{TableReader, float_at};
pub use rows::{RowBuilder, TableRows};
pub use schemas::{
    BLS, CANDIDATES, DIFF, DIFF_VALUES, ERRORS, FITS, FittedQuantity, MetricColumn, PERIODOGRAM, POSTERIORS,
    SINGLE_TRANSITS, TARGETS, VETTING, bls_columns, candidates_columns, diff_columns, errors_columns, fits_columns,
    metric_columns, periodogram_columns, posteriors_columns, single_transits_columns, targets_columns, vetting_columns,
};
pub use trials::{
    COMPLETENESS, FEATURES, RELIABILITY, TRIALS, completeness_columns, features_columns, reliability_columns,
    trials_columns,
};
pub use writer::{FinishedTable, TableError, TableWriter};

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Float,
    Integer,
    Boolean,
    /// A list of floats a row.
    Floats,
    /// A list of integers a row.
    Integers,
}

impl Kind {
    /// Name of the Arrow type, as written in the documentation.
    pub fn arrow_name(self) -> &'static str {
        match self {
            Kind::Text => "utf8",
            Kind::Float => "float64",
            Kind::Integer => "int64",
            Kind::Boolean => "bool",
            Kind::Floats => "list<float64>",
            Kind::Integers => "list<int64>",
        }
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// Unit as written in the metadata; empty for a pure number or text.
    pub unit: String,
    /// One sentence.
    pub description: String,
}

/// A table: its file name without ending, what a row is, and the version of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub row: &'static str,
    pub version: u32,
}
