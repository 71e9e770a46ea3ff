//! The light curve that is searched, and sums of it over any stretch of time.
//!
//! ```text
//! dips        dips below one and their weights: what a search works on
//! slots       the same in even time slots
//! left_out    slots without some cadences
//! cumulative  sums over any stretch, by two look-ups
//! windows     the cadences about each transit, found without a look at the others
//! fold        folds into phase bins at one period
//! ```

pub(super) mod cumulative;
pub(super) mod dips;
pub(super) mod fold;
pub(super) mod left_out;
pub(super) mod slots;
pub(super) mod windows;
