//! Light curves in and out of files.
//!
//! ```text
//! read::scan        files, folders, globs -> targets, inputs with checksums, refusals
//! read::read_target one target            -> RawTarget and what was left out, with reasons
//! dataset           RawTarget             -> one Parquet table, and back
//! candidate_list    candidates from elsewhere, to be vetted
//! truth             what is really in a simulated collection: written and read back
//! convert           anything readable     -> a dataset
//! inspect           one file              -> what is in it, and what is wrong with it
//! table             results               -> Parquet tables with units and descriptions
//! ```
//!
//! Formats: FITS binary tables as the missions ship them, text tables, NumPy archives, Parquet.

pub mod candidate_list;
pub mod convert;
pub mod dataset;
pub mod inspect;
pub mod read;
pub mod table;
pub mod truth;

pub use convert::{ConvertError, Converted, convert, convert_with};
