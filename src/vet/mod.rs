//! Which candidates are planets, and why the others are not.

pub mod model_shift;

/// Why a candidate cannot be vetted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VetError {
    #[error("columns differ in length: {time} times, {flux} fluxes, {model} model fluxes")]
    Lengths { time: usize, flux: usize, model: usize },
    #[error("only {found} cadences, {needed} needed")]
    TooFewCadences { found: usize, needed: usize },
    #[error("row {row} holds a number that is not finite")]
    NotFinite { row: usize },
    #[error("the period must be positive, and is {0}")]
    Period(f64),
    #[error("no cadence is in transit")]
    NoTransit,
}
