//! Light curves in which it is known what is there, and what follows from what is found in them.
//!
//! ```text
//! config      what to simulate: cadence, noise, stars one by one or a population
//! population  draws the stars of a population
//! schedule    when a mission takes its cadences
//! simulate    one target: its light curve as a file would hold it, and the truth
//! truth       what is really there
//!
//! trials        what is done to each light curve that is there: InjectConfig
//! sensitivity   what signals a light curve can show        planet   draws the planets that are put in
//! disturb       inject, invert, scramble                   recovery   whether what was found is what was put in
//! completeness  share of the planets that are found        reliability   share of the candidates that are no false alarms
//! proportion    shares with intervals
//!
//! random      streams of random numbers from (seed, target, purpose)
//! ```
//!
//! A simulated target depends on the seed and its own name only, so any subset, in any order, on any number of threads, is the same.

pub mod completeness;
mod config;
mod disturb;
mod planet;
mod population;
mod proportion;
mod random;
pub mod recovery;
pub mod reliability;
mod schedule;
mod sensitivity;
mod simulate;
mod trials;
mod truth;

pub use config::{
    BinaryConfig, Cadence, FlareConfig, GranulationConfig, PlanetConfig, PopulationConfig, RotationConfig,
    SimulateConfig, StarConfig,
};
pub use disturb::{blocks, inject, invert, orders, scramble};
pub use planet::{InjectedPlanet, PlanetRange, SizeRange};
pub use proportion::{Proportion, SIGMAS};
pub use sensitivity::{Sensitivity, Strength};
pub use simulate::{SimulatedTarget, simulate_target};
pub use trials::{GridConfig, InjectConfig};
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

/// Why nothing could be injected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectError {
    #[error("{name} from {low} to {high} is no range")]
    Range { name: &'static str, low: f64, high: f64 },
    #[error("{name} is {value}, which is out of range")]
    OutOfRange { name: &'static str, value: f64 },
    #[error("the radius of the star is not known, and sizes are drawn in Earth radii")]
    StellarRadius,
    #[error("no orbit of these periods around a star of density {rho_star} (solar units)")]
    NoOrbit { rho_star: f64, source: Option<TransitError> },
}
