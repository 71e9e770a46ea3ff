//! All steps for many targets: the only module that knows every other.
//!
//! ```text
//! config    RunConfig: everything that decides what a run does
//! joint     one posterior of several light curves and radial velocities, from its own document
//! known     a planet whose ephemeris is given, in place of a search
//! prepare   one target cleaned and flattened
//! target    one target through all steps -> TargetOutcome
//! engine    many targets in parallel, outcomes in order
//! output    outcomes as rows of the result tables
//! manifest  what the run was and what it came to
//! run       scan, process, write
//! pages     pages of candidates, of one target or of a directory of results
//! bls       plain box least squares for many targets
//! ```

mod bls;
mod config;
mod engine;
mod error;
mod joint;
mod known;
mod manifest;
mod output;
mod pages;
mod prepare;
mod run;
mod target;

pub use bls::{BlsObjective, BlsOutcome, BlsPeak, BlsRequest, power};
pub use config::{ConfigError, FitSelection, RunConfig};
pub use engine::process_in_order;
pub use error::RunError;
pub use joint::{
    ComparedRow, Figures, JointInput, JointOutcome, JointRunError, LoadedJoint, compare, reweight_joint, run_joint,
};
pub use known::{KnownError, KnownTransit};
pub use manifest::{Counts, Input, Timings};
pub use pages::{PageTarget, PagesError, ReportSummary, Sheets, report_run, target_pages, write_index, write_page};
pub use prepare::{ErrorRow, Prepared};
pub use run::{NoProgress, Progress, Run, RunSummary, Tally};
pub use target::{FitOutcome, Steps, TargetOutcome, TargetSummary, process_target};
