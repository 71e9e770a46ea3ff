//! Which candidates are planets, and why the others are not.
//!
//! ```text
//! measure       metrics of one candidate, each a number or the reason why there is none; one file a test
//! model_shift   the Model-Shift tests to the letter, on a light curve and its transit model
//! profile       tests and thresholds in TOML: ours, the Robovetter's, LEO-Vetter's
//! disposition   outcome of the tests, and what they make of the candidate
//! siblings      candidates of one star together      ephemeris_match, crowds   candidates of a run together
//! score         how sure the disposition is      calibration   the probability that goes with a score
//! star          all of it, for the candidates of one star
//! ```
//!
//! Flux alone cannot prove a planet; it can say why a candidate is none. Nothing is assumed where something is not known: a
//! test that needs a stellar radius or density is not computable without.

mod calibration;
mod crowds;
mod disposition;
mod ephemeris_match;
mod measure;
mod metric;
pub mod model_shift;
mod profile;
mod score;
mod siblings;
mod star;

pub use calibration::{Calibration, Labelled};
pub use crowds::{CrowdConfig, crowded};
pub use disposition::{Disposition, Outcome, TestResult, Verdict};
pub use ephemeris_match::{EphemerisMatch, EphemerisMatchConfig, RunCandidate, ephemeris_matches};
pub use measure::{METRICS, MetricInfo, RELATIONS, measure};
pub use metric::{Metric, Metrics, Missing, Value};
pub use profile::{Effect, Profile};
pub use score::score;
pub use siblings::{Sibling, SiblingConfig, judge_siblings, unrelated};
pub use star::{ProfileChoice, StarInput, VetConfig, Vetted, vet_star};

use crate::ephemeris::Candidate;
use crate::lightcurve::{Detrended, LightCurve};
use crate::star::Star;

/// What there is to vet.
#[derive(Clone, Copy, Debug)]
pub struct VetInput<'a> {
    /// As it was before detrending, for variability that detrending takes out.
    pub light_curve: &'a LightCurve,
    /// Made of `light_curve`.
    pub detrended: &'a Detrended,
    pub candidate: &'a Candidate,
    /// Other candidates of the star, see [`unrelated`]: their transits are left out.
    pub others: &'a [Candidate],
    pub star: Option<&'a Star>,
    /// Times (days) of momentum dumps, or when many stars of the run dip at once; empty if not known.
    pub flagged_times: &'a [f64],
    /// Seed of the bootstrap.
    pub seed: u64,
}

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
    #[error("the transit time is {0}, which is not a finite number")]
    TransitTime(f64),
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
