//! What a search and its vetting are worth: light curves with injected planets, inverted and scrambled ones taken through
//! the whole pipeline, and completeness, effectiveness and reliability from what comes out.
//!
//! ```text
//! examine   search and vetting of one light curve
//! baseline  one target as it is, and what its trials start from
//! trial     one light curve that was changed, and what was found in it
//! totals    all trials together -> completeness and reliability
//! rows      trials, candidates, cells as rows of tables
//! figures   the same as figures
//! execute   all targets, in bounded memory
//! ```

mod baseline;
mod examine;
mod execute;
mod figures;
mod rows;
mod totals;
mod trial;

pub use execute::{InjectSummary, run_injections};
pub use totals::{Cells, CompletenessRow, ReliabilityRow};
