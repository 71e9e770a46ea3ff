//! The coarse pass: the best box at every trial period.
//!
//! ```text
//! plan      bands of periods, each on time slots as wide as its durations allow
//! quantise  slots as whole numbers of 16 bits
//! aligned   buffers that start a cache line
//! ffa       fast folds at all periods between two numbers of slots
//! kernels   its inner loops, for the vector instructions at hand
//! scan      the best box of each fold
//! peaks     local maxima, signal detection efficiency
//! ```

pub(super) mod aligned;
pub(super) mod ffa;
pub(super) mod kernels;
pub(super) mod peaks;
pub(super) mod plan;
pub(super) mod quantise;
pub(super) mod scan;
