//! Small numeric tools without knowledge of light curves: robust location and scale, prefix sums, special functions.

mod processor;
mod rank_window;
mod robust;
mod select;

pub(crate) use processor::for_this_processor;
pub use rank_window::RankWindow;
pub use robust::MAD_TO_SIGMA;
pub use robust::{mad_sigma, median, median_in_place, point_to_point_sigma, quantile_sorted};
