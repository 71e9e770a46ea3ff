//! Reads light curves of any format into [`RawTarget`]s.
//!
//! [`plan`] looks at all inputs and cuts the targets in them into units of work, [`read_targets`] reads one unit; [`scan`]
//! and [`read_target`] are the same for a few targets, one by one. Formats are told by content, not by file name:
//!
//! - FITS tables of Kepler, K2, TESS (SPOC), QLP, TGLC, K2SFF, K2SC, early Kepler releases, and any with telling names;
//! - text tables with or without headers, AAVSO reports among them;
//! - NumPy `.npz` and `.npy`;
//! - Parquet with a row a light curve, a row a cadence, or a struct of lists, and our own [datasets](super::dataset);
//! - any of the first three compressed with gzip.
//!
//! All of them also by URL (`s3://`, `http://`, `https://`), where the crate is built with the feature `object-store`.
//!
//! Whatever cannot be read, or is left out, becomes an [`InputError`]; nothing is repaired.
//!
//! [`RawTarget`]: crate::lightcurve::RawTarget

pub(super) mod columns;
mod config;
mod contents;
mod draft;
mod error;
pub(super) mod fits;
pub(super) mod inputs;
mod look;
pub(super) mod names;
pub(super) mod npz;
pub(super) mod parquet;
mod plan;
mod quality;
mod remote;
mod scan;
mod source;
mod spool;
mod supersede;
mod target;
pub(super) mod text;
pub(super) mod time_scale;

pub use config::{Apertures, ColumnMap, FluxColumn, FluxUnit, ReadConfig, TimeUnit};
pub use contents::Contents;
pub use error::{ErrorKind, InputError, ReadError};
pub use fits::FitsError;
pub use inputs::InputFile;
pub(super) use look::tables;
pub use names::target_name;
pub use npz::NpyError;
pub use plan::{Order, Plan, PlanOptions, TargetRef, Unit, plan};
pub use quality::QualityMask;
pub use scan::{Scan, scan};
pub use target::{OpenFiles, TargetRead, read_target, read_targets};
