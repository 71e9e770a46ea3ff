//! Why a light curve cannot be searched, or a configuration is refused.

/// Failure of a search; the light curve or the configuration is at fault, never a panic.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    #[error("only {found} cadences, a search needs {needed}")]
    TooFewCadences { found: usize, needed: usize },
    #[error("baseline of {baseline} d is too short for periods from {period_min} d")]
    BaselineTooShort { baseline: f64, period_min: f64 },
    #[error("{setting} = {value} is out of range: {reason}")]
    Config { setting: &'static str, value: f64, reason: &'static str },
    #[error(
        "the search would take {work:.3e} operations, more than max_work = {limit:.3e}; raise period_min or the shortest duration"
    )]
    TooMuchWork { work: f64, limit: f64 },
    #[error("{column} of the trial grid is empty or not finite and positive at entry {entry}")]
    Grid { column: &'static str, entry: usize },
    #[error("columns differ in length: {time} times, {flux} fluxes, {flux_err} flux errors")]
    Lengths { time: usize, flux: usize, flux_err: usize },
}
