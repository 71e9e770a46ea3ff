//! The single transits of a periodic signal, and what they say of its period.
//!
//! ```text
//! events     the transits of a signal one by one, and whether they support it
//! mask       which cadences a candidate takes
//! harmonics  P/3, P/2, P, 2P, 3P, and the longest period that gaps allow
//! relations  harmonics and secondary eclipses among candidates
//! aliases    periods that the gaps allow
//! ```

pub(super) mod aliases;
pub(super) mod events;
pub(super) mod harmonics;
pub(super) mod mask;
pub(super) mod relations;
