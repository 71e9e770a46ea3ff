//! Box least squares search for periodic transits.
//!
//! ```text
//! grid       trial periods (Ofir 2014) and the durations that a stellar density allows
//! plan       bands of periods, each on time slots as wide as its durations allow
//! slots      the light curve in those slots; scatter of single boxes over white noise (red noise)
//! left_out   slots without some cadences
//! cumulative  sums over any stretch of the light curve
//! quantise   slots as whole numbers of 16 bits
//! aligned    buffers that start a cache line
//! ffa        fast folds at all periods between two numbers of slots
//! kernels    its inner loops, for the vector instructions at hand
//! scan       the best box of each fold: the coarse pass
//! peaks      local maxima, signal detection efficiency
//! significance false-alarm probabilities
//! refine     exact evaluation of a peak on unbinned data
//! windows    the cadences about each transit, found without a look at the others
//! stack      transits in fine bins and groups of epochs
//! edges      edges of a box moved over single cadences
//! shape      statistic of a transit-shaped dip on unbinned data
//! template   that dip
//! trapezoid  a simpler one, with derivatives
//! polish     the ephemeris, duration and depth reported
//! posterior  their means and errors, by importance sampling
//! mask       which cadences a candidate takes
//! events     the transits of a signal one by one, and whether they support it
//! harmonics  P/3, P/2, P, 2P, 3P, and the longest period that gaps allow
//! relations  harmonics and secondary eclipses among candidates
//! singles    dips that no candidate explains
//! single_fit transit shape of one dip, against other shapes
//! aliases    periods that the gaps allow
//! run        the loop: scan, evaluate, mask, again
//! view       the light curve that is searched: flattened, or whitened
//! whiten     the noise of the star from its own light curve, and the light curve whitened by it
//!            (noise_bins, noise_events, autoregression, conditional)
//! bls        plain box least squares on a grid of the caller's
//! period_grid that grid
//! oracle     brute force, for tests
//! ```
//!
//! The statistic is that of [`BoxStatistic`]: Δχ² of a box over a constant, both levels free; candidates report the higher of
//! it and of the same with a limb-darkened dip.

mod aliases;
mod aligned;
mod autoregression;
mod bls;
mod conditional;
mod config;
mod cumulative;
mod edges;
mod error;
mod events;
mod ffa;
mod fold;
pub mod grid;
mod harmonics;
mod kernels;
mod left_out;
mod mask;
mod measure;
mod noise_bins;
mod noise_events;
pub mod oracle;
mod peaks;
mod period_grid;
mod plan;
mod polish;
mod posterior;
mod quantise;
mod refine;
mod relations;
mod run;
mod scan;
mod series;
mod shape;
mod significance;
mod single_fit;
mod singles;
mod slots;
mod stack;
mod statistic;
mod template;
mod trapezoid;
mod view;
mod whiten;
mod windows;

pub use bls::{BlsBox, bls, phase_bins};
pub use config::{NoiseTreatment, SearchConfig};
pub use error::SearchError;
pub use period_grid::{PeriodGrid, PeriodSpacing};
pub use run::{SearchResult, search};
pub use scan::Periodogram;
pub use statistic::{BoxStatistic, BoxSums};
