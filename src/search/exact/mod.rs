//! Exact evaluation of a peak on unbinned data, and what is reported of it.
//!
//! ```text
//! refine     a box moved and stretched until nothing is better
//! stack      transits in fine bins and groups of epochs
//! edges      edges of a box moved over single cadences
//! shape      statistic of a transit-shaped dip on unbinned data
//! template   that dip
//! trapezoid  a simpler one, with derivatives
//! polish     the ephemeris, duration and depth reported
//! posterior  their means and errors, by importance sampling
//! measure    the candidate
//! ```

pub(super) mod edges;
pub(super) mod measure;
pub(super) mod polish;
pub(super) mod posterior;
pub(super) mod refine;
pub(super) mod shape;
pub(super) mod stack;
pub(super) mod template;
pub(super) mod trapezoid;
