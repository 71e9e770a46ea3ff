//! Box least squares search for periodic transits.
//!
//! ```text
//! grid       trial periods (Ofir 2014) and the durations that a stellar density allows
//! plan       octaves of duration, each on time slots of its own width, and the periods worth it
//! slots      the light curve in those slots; scatter of single boxes over white noise (red noise)
//! ffa        fast folds at all periods between two numbers of slots
//! kernels    its inner loops, for the vector instructions at hand
//! scan       the best box of each fold: the coarse pass
//! peaks      local maxima, signal detection efficiency
//! refine     exact evaluation of a peak on unbinned data
//! windows    the cadences about each transit, found without a look at the others
//! stack      transits in fine bins and groups of epochs
//! edges      edges of a box moved over single cadences
//! shape      statistic of a transit-shaped dip on unbinned data
//! template   that dip
//! polish     the ephemeris, duration and depth reported
//! posterior  their means and errors, by importance sampling
//! mask       which cadences a candidate takes
//! events     single transits, and whether they support the signal
//! harmonics  P/3, P/2, P, 2P, 3P, and the longest period that gaps allow
//! relations  harmonics and secondary eclipses among candidates
//! run        the loop: scan, evaluate, mask, again
//! bls        plain box least squares on a grid of the caller's
//! oracle     brute force, for tests
//! ```
//!
//! The statistic is that of [`BoxStatistic`]: Δχ² of a box over a constant, both levels free; candidates report the higher of
//! it and of the same with a limb-darkened dip.

mod bls;
mod config;
mod edges;
mod error;
mod events;
mod ffa;
mod fold;
pub mod grid;
mod harmonics;
mod kernels;
mod mask;
mod measure;
pub mod oracle;
mod peaks;
mod plan;
mod polish;
mod posterior;
mod refine;
mod relations;
mod run;
mod scan;
mod series;
mod shape;
mod slots;
mod stack;
mod statistic;
mod template;
#[cfg(test)]
mod timing;
mod windows;

pub use bls::{BlsBox, bls, phase_bins};
pub use config::SearchConfig;
pub use error::SearchError;
pub use run::{SearchResult, search};
pub use scan::Periodogram;
pub use statistic::{BoxStatistic, BoxSums};
