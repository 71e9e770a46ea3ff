//! All steps for many targets: the only module that knows every other.
//!
//! ```text
//! config    RunConfig: everything that decides what a run does
//! joint     one posterior of several light curves and radial velocities, from its own document
//! known     a planet whose ephemeris is given, in place of a search
//! prepare   one target cleaned and flattened
//! target    one target through all steps -> TargetOutcome
//! vetting   candidates vetted, alone and beside those of the run
//! run       plan, compute, assemble: the three acts of a run
//! compute   every unit of work that is not there yet
//! engine    threads, reading ahead, back-pressure
//! store     the result of a unit as a file that appears whole
//! lock      one process at a time in a directory
//! output    outcomes as rows of the result tables
//! assemble  parts put together to tables
//! results   the tables, ledger and manifest of a directory
//! merge     shards put together
//! diff      the candidates of two runs beside each other
//! completeness  which targets of a list are there
//! ledger    which rows came from which unit
//! previous  what an earlier run has left, and what of it still holds
//! shard     a run split over machines
//! progress  how far a run is
//! status    the same as a file, for those who look from outside
//! manifest  what the run was and what it came to
//! pages     pages of candidates, of one target or of a directory of results
//! harness   light curves with injected planets, inverted and scrambled: completeness and reliability
//! bls       plain box least squares for many targets
//! ```

mod assemble;
mod bls;
mod completeness;
mod compute;
mod config;
mod diff;
mod engine;
mod error;
mod harness;
mod joint;
mod known;
mod ledger;
mod lock;
mod manifest;
mod merge;
mod output;
mod pages;
mod prepare;
mod previous;
mod progress;
mod results;
mod run;
mod shard;
mod status;
mod store;
mod target;
mod vetting;

pub use bls::{BlsObjective, BlsOutcome, BlsPeak, BlsRequest, power};
pub use completeness::{Completeness, read_targets_list};
pub use config::{ConfigError, FitDispositions, FitSelection, RunConfig};
pub use diff::{Change, Compared, Difference, Differences, diff};
pub use error::RunError;
pub use harness::{Cells, CompletenessRow, InjectSummary, ReliabilityRow, run_injections};
pub use joint::{
    ComparedRow, Figures, JointExecution, JointInput, JointNotice, JointOutcome, JointRunError, LoadedJoint, compare,
    reweight_joint, run_joint,
};
pub use known::{KnownError, KnownTransit};
pub use manifest::{Counts, Input, Timings, UnitCounts};
pub use merge::merge;
pub use output::singles_file;
pub use pages::{PageTarget, PagesError, ReportSummary, Sheets, report_run, target_pages, write_index, write_page};
pub use prepare::{ErrorRow, Prepared};
pub use progress::{NoProgress, Progress, Tally};
pub use run::{Execution, Existing, Run, RunSummary};
pub use shard::{Shard, ShardError};
pub use status::{State, Status};
pub use target::{FitOutcome, Steps, TargetOutcome, TargetSummary, Vetting, process_target};
pub use vetting::{ListedOutcome, vet_target};
