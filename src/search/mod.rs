//! Box least squares search for periodic transits.
//!
//! ```text
//! grid         trial periods (Ofir 2014) and the durations that a stellar density allows
//! series       the light curve that is searched, and sums of it over any stretch of time
//! coarse       the best box of each fold, by fast folding: the coarse pass, and its peaks
//! exact        a peak evaluated on unbinned data: refined, measured, with errors
//! transits     single transits of a signal: support, masks, harmonics, aliases
//! noise        scatter of single boxes, whitening, false-alarm probabilities
//! singles      dips that no candidate explains
//! run          the loop: scan, evaluate, mask, again
//! bls          plain box least squares on a grid of the caller's (period_grid)
//! oracle       brute force, for tests
//! ```
//!
//! The statistic is that of [`BoxStatistic`]: Δχ² of a box over a constant, both levels free; candidates report the higher of
//! it and of the same with a limb-darkened dip.

mod bls;
mod coarse;
mod config;
mod error;
mod exact;
pub mod grid;
mod noise;
pub mod oracle;
mod period_grid;
mod run;
mod series;
mod singles;
mod statistic;
mod transits;

pub use bls::{BlsBox, bls, phase_bins};
pub use coarse::scan::Periodogram;
pub use config::{NoiseTreatment, SearchConfig};
pub use error::SearchError;
pub use period_grid::{PeriodGrid, PeriodSpacing};
pub use run::{SearchResult, search};
pub use statistic::{BoxStatistic, BoxSums};
