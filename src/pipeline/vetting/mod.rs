//! Vetting in runs.
//!
//! ```text
//! rows      what was found out of a candidate as a row of the table of vetting, and back
//! listed    candidates of a list vetted on light curves: `antumbra vet`
//! relate    candidates of all targets of a run beside each other, when the tables are put together
//! ```

mod listed;
mod relate;
mod rows;

pub use listed::ListedOutcome;
pub(super) use relate::{RUN_METRICS, Relations};
pub(super) use rows::{VettingRows, metric_list, write_vetting};

use super::config::RunConfig;
use super::manifest::target_seed;
use super::prepare::Prepared;
use crate::ephemeris::Candidate;
use crate::lightcurve::Detrended;
use crate::vet::{StarInput, VetError, Vetted, vet_star};

/// Vets the candidates of a target, one result each; empty where the configuration wants no vetting. `flat` is the light
/// curve with the transits left out of the trend, see [`Prepared::without_transits`].
pub fn vet_target(
    prepared: &Prepared,
    flat: &Detrended,
    candidates: &[Candidate],
    config: &RunConfig,
) -> Vec<Result<Vetted, VetError>> {
    let light_curve = &prepared.light_curve;
    let star = StarInput {
        light_curve,
        detrended: flat,
        candidates,
        flagged_times: light_curve.momentum_dumps(),
        seed: target_seed(config.seed, light_curve.target_id()),
    };
    vet_star(&star, &config.vet)
}
