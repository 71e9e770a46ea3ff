//! All steps for many targets: the only module that knows every other.
//!
//! ```text
//! config    RunConfig: everything that decides what a run does
//! known     a planet whose ephemeris is given, in place of a search
//! target    one target through all steps -> TargetOutcome
//! engine    many targets in parallel, outcomes in order
//! output    outcomes as rows of the result tables
//! manifest  what the run was and what it came to
//! run       scan, process, write
//! ```

mod config;
mod engine;
mod known;
mod manifest;
mod output;
mod run;
mod target;

pub use config::{ConfigError, FitSelection, RunConfig};
pub use engine::process_in_order;
pub use known::{KnownError, KnownTransit};
pub use manifest::{Counts, Input, Timings};
pub use run::{NoProgress, Progress, Run, RunError, RunSummary, Tally};
pub use target::{ErrorRow, FitOutcome, Prepared, Steps, TargetOutcome, TargetSummary, process_target};
