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
//! polish     least squares of a smooth transit shape: the ephemeris, duration and depth reported
//! template   that shape
//! events     single transits, and whether they support the signal
//! harmonics  P/3, P/2, P, 2P, 3P, and the longest period that gaps allow
//! relations  harmonics and secondary eclipses among candidates
//! run        the loop: scan, evaluate, mask, again
//! whiten     the noise of the star from its own light curve, and the light curve whitened by it
//!            (noise_bins, noise_events, autoregression, conditional)
//! bls        plain box least squares on a grid of the caller's
//! oracle     brute force, for tests
//! ```
//!
//! The statistic is that of [`BoxStatistic`]: Δχ² of a box over a constant, both levels free.

#[allow(dead_code, reason = "not used by the search yet")]
mod autoregression;
mod bls;
#[allow(dead_code, reason = "not used by the search yet")]
mod conditional;
mod config;
mod error;
mod events;
mod ffa;
mod fold;
pub mod grid;
mod harmonics;
mod kernels;
mod measure;
#[allow(dead_code, reason = "not used by the search yet")]
mod noise_bins;
#[allow(dead_code, reason = "not used by the search yet")]
mod noise_events;
pub mod oracle;
mod peaks;
mod plan;
mod polish;
mod refine;
mod relations;
mod run;
mod scan;
mod series;
mod slots;
mod statistic;
mod template;
#[allow(dead_code, reason = "not used by the search yet")]
mod whiten;

pub use bls::{BlsBox, bls, phase_bins};
pub use config::SearchConfig;
pub use error::SearchError;
pub use run::{SearchResult, search};
pub use scan::Periodogram;
pub use statistic::{BoxStatistic, BoxSums};
