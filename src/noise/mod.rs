//! Correlated noise of stars as Gaussian processes whose cost grows as the number of cadences.

mod oscillator;

pub use oscillator::{Oscillator, rotation};
