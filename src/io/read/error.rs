//! Why an input, or a part of one, was refused.

use std::fmt;

use super::fits::FitsError;
use super::npz::NpyError;
use crate::io::dataset::DatasetError;

/// Why something could not be read, with the numbers that say so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("no file or folder matches")]
    NoMatch,
    #[error("not a valid pattern: {0}")]
    Pattern(#[from] glob::PatternError),
    #[error("{why}")]
    Url { why: String },
    #[error("takes more than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the file is empty")]
    EmptyFile,
    #[error("not FITS, Parquet, NumPy or text: {why}")]
    UnknownFormat { why: String },
    #[error("{0}")]
    Fits(#[from] FitsError),
    #[error("{0}")]
    Npy(#[from] NpyError),
    #[error("{0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("{0}")]
    Arrow(#[from] arrow::error::ArrowError),
    #[error("{0}")]
    Dataset(#[from] DatasetError),
    #[error("no {missing} among its columns ({})", found.join(", "))]
    NotALightCurve { missing: &'static str, found: Vec<String> },
    #[error("not a table of numbers: {why}")]
    NotATable { why: String },
    #[error("no column {column:?} among {}", found.join(", "))]
    NoColumn { column: String, found: Vec<String> },
    #[error("column {column:?} is of type {found}, not numbers")]
    ColumnType { column: String, found: String },
    #[error("column {column:?} has {found} values where {expected} are needed")]
    ColumnLength { column: String, found: usize, expected: usize },
    #[error("{column} is null")]
    NullRow { column: String },
    #[error("{bad} of {rows} rows are not numbers, the first at line {line}: {text:?}")]
    BadRows { bad: usize, rows: usize, line: usize, text: String },
    #[error("none of its {rows} cadences has both a time and a flux")]
    NoCadences { rows: usize },
    #[error("{overlapping} of {cadences} cadences lie within {preferred}, which is preferred")]
    Superseded { preferred: String, overlapping: usize, cadences: usize },
    #[error("{found} rows came where {expected} were asked for")]
    RowsMissing { expected: usize, found: usize },
    #[error("the file has changed since it was scanned")]
    Changed,
    #[error("internal error: {message}")]
    Internal { message: String },
    #[error("the same file as {first}")]
    DuplicateFile { first: String },
}

/// Class of a refusal, for the error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes cannot be had, or are damaged.
    Unreadable,
    /// Nothing there under that name.
    NotFound,
    /// Of no format that is read here.
    UnknownFormat,
    /// Readable, but holds no times with fluxes.
    NotALightCurve,
    /// A column is missing, of the wrong type or of the wrong length.
    BadColumn,
    /// Some rows were left out.
    BadRows,
    /// No cadence to use.
    Empty,
    /// Another product of the same photons was used instead.
    Superseded,
    /// The same file again.
    Duplicate,
    /// A bug of ours.
    Panic,
}

impl ErrorKind {
    /// Name in the error table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotFound => "not_found",
            Self::UnknownFormat => "unknown_format",
            Self::NotALightCurve => "not_a_light_curve",
            Self::BadColumn => "bad_column",
            Self::BadRows => "bad_rows",
            Self::Empty => "empty",
            Self::Superseded => "superseded",
            Self::Duplicate => "duplicate",
            Self::Panic => "panic",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ReadError {
    /// The same once more, where it says that bytes could not be had: one such failure may cost many targets.
    pub(super) fn again(&self) -> Option<Self> {
        match self {
            Self::Io(error) => Some(Self::Io(std::io::Error::new(error.kind(), error.to_string()))),
            Self::Changed => Some(Self::Changed),
            _ => None,
        }
    }

    /// The class of the refusal.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) if error.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            Self::NoMatch | Self::Pattern(_) => ErrorKind::NotFound,
            Self::Io(_)
            | Self::Url { .. }
            | Self::TooLarge { .. }
            | Self::Npy(_)
            | Self::Zip(_)
            | Self::Parquet(_)
            | Self::Arrow(_)
            | Self::RowsMissing { .. }
            | Self::Changed => ErrorKind::Unreadable,
            Self::Fits(FitsError::NoTable { .. }) => ErrorKind::NotALightCurve,
            Self::Fits(FitsError::ColumnType { .. } | FitsError::VectorColumn { .. }) => ErrorKind::BadColumn,
            Self::Fits(_) => ErrorKind::Unreadable,
            Self::UnknownFormat { .. } => ErrorKind::UnknownFormat,
            Self::NotALightCurve { .. } | Self::NotATable { .. } => ErrorKind::NotALightCurve,
            Self::Dataset(_)
            | Self::NoColumn { .. }
            | Self::ColumnType { .. }
            | Self::ColumnLength { .. }
            | Self::NullRow { .. } => ErrorKind::BadColumn,
            Self::BadRows { .. } => ErrorKind::BadRows,
            Self::NoCadences { .. } | Self::EmptyFile => ErrorKind::Empty,
            Self::Superseded { .. } => ErrorKind::Superseded,
            Self::DuplicateFile { .. } => ErrorKind::Duplicate,
            Self::Internal { .. } => ErrorKind::Panic,
        }
    }
}

/// One row of the error table: what was left out, and why.
#[derive(Debug)]
pub struct InputError {
    /// File, with `#row` or `#HDU` behind it where only that part was refused.
    pub source: String,
    /// Target it would have belonged to, where known.
    pub target_id: Option<String>,
    pub error: ReadError,
}

impl InputError {
    pub(super) fn new(source: impl Into<String>, target_id: Option<&str>, error: impl Into<ReadError>) -> Self {
        Self { source: source.into(), target_id: target_id.map(Into::into), error: error.into() }
    }

    /// The class of the refusal.
    pub fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// Whether the bytes could not be had, so that another try may read them.
    pub fn may_pass(&self) -> bool {
        matches!(self.error, ReadError::Io(_) | ReadError::Changed)
    }

    /// The reason in words, without the file's name.
    pub fn reason(&self) -> String {
        self.error.to_string()
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.source, self.kind(), self.error)
    }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
