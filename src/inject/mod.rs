//! Simulated light curves with known planets.
//!
//! ```text
//! config      what to simulate: cadence, noise, stars one by one or a population
//! population  draws the stars of a population
//! schedule    when a mission takes its cadences
//! simulate    one target: its light curve as a file would hold it, and the truth
//! truth       what is really there
//! random      streams of random numbers from (seed, target, purpose)
//! ```
//!
//! A target depends on the seed and its own name only, so any subset, in any order, on any number of threads, is the same.

mod config;
mod population;
mod random;
mod schedule;
mod simulate;
mod truth;

pub use config::{
    BinaryConfig, Cadence, FlareConfig, GranulationConfig, PlanetConfig, PopulationConfig, RotationConfig,
    SimulateConfig, StarConfig,
};
pub use simulate::{SimulatedTarget, simulate_target};
pub use truth::{Truth, TruthKind};

use crate::transit::TransitError;

/// Why a target could not be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    #[error("target {index} is not among the {targets} of the configuration")]
    NoSuchTarget { index: usize, targets: usize },
    #[error("{target}: {name} is {value}, which is out of range")]
    OutOfRange { target: String, name: &'static str, value: f64 },
    #[error("{target}: planet or companion {number} cannot be")]
    Orbit { target: String, number: usize, source: TransitError },
    #[error("two targets are called {0}")]
    Duplicate(String),
}
