//! A strict reader of FITS binary tables held in memory.
//!
//! After the FITS standard 4.0 (Pence et al. 2010, A&A 524, A42, and its 2018 revision). It reads scalar numeric and
//! logical columns; anything else in the file is skipped by its declared size. Hostile input ends in a [`FitsError`]:
//! sizes are checked against the bytes that are there before anything is allocated, so memory stays within a small
//! multiple of the file's size.

mod header;
mod product;
mod table;

pub(in crate::io) use header::{Hdu, Header, hdus};
pub(super) use product::{file_target, products, segment};
pub(in crate::io) use table::Table;

/// Why bytes are not a FITS file with a readable table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitsError {
    #[error("does not begin with SIMPLE = T")]
    NotFits,
    #[error("header at byte {at} has no END within the {bytes} bytes of the file")]
    NoEnd { at: usize, bytes: usize },
    #[error("HDU {hdu} lacks keyword {keyword}, or it is not a whole number in its range")]
    Keyword { hdu: usize, keyword: String },
    #[error("HDU {hdu} declares {declared} bytes of data, the file has {available}")]
    Truncated { hdu: usize, declared: u64, available: usize },
    #[error("column {column} of HDU {hdu} has format {form:?}, which is not valid")]
    Form { hdu: usize, column: usize, form: String },
    #[error("columns of HDU {hdu} take {columns} bytes, a row has {row}")]
    RowWidth { hdu: usize, columns: u64, row: usize },
    #[error("column {column:?} is of type {code}, not numbers")]
    ColumnType { column: String, code: char },
    #[error("column {column:?} has {repeat} values a row, one is needed")]
    VectorColumn { column: String, repeat: usize },
    #[error("no table with a time and a flux among its {tables} tables ({})", columns.join(", "))]
    NoTable { tables: usize, columns: Vec<String> },
}

#[cfg(test)]
mod tests;
