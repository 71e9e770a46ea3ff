//! Dips that no candidate explains.
//!
//! ```text
//! single_transits  finds them
//! fit              the transit shape of one dip, against other shapes
//! ```

pub(super) mod fit;
pub(super) mod single_transits;
