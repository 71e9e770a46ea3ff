//! Which candidates are planets, and why the others are not.

mod disposition;
mod metric;
pub mod model_shift;
mod profile;
mod siblings;

pub use disposition::{Disposition, Outcome, TestResult, Verdict};
pub use metric::{Metric, Metrics, Missing, Value};
pub use profile::{Effect, Profile};
pub use siblings::{Sibling, SiblingConfig, judge_siblings};

/// Why a candidate cannot be vetted, or a profile not be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VetError {
    #[error("columns differ in length: {time} times, {flux} fluxes, {model} model fluxes")]
    Lengths { time: usize, flux: usize, model: usize },
    #[error("only {found} cadences, {needed} needed")]
    TooFewCadences { found: usize, needed: usize },
    #[error("row {row} holds a number that is not finite")]
    NotFinite { row: usize },
    #[error("the {name} must be positive, and is {value}")]
    NotPositive { name: &'static str, value: f64 },
    #[error("no cadence is in transit")]
    NoTransit,
    #[error("there is no profile {0}")]
    UnknownProfile(String),
    #[error("the profile cannot be read: {0}")]
    ProfileSyntax(#[source] toml::de::Error),
    #[error("the profile has no group {0}")]
    UnknownGroup(String),
    #[error("condition of {test}: {message}")]
    Condition { test: String, message: String },
}
