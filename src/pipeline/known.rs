//! A planet whose ephemeris is known: no search, only the depth is measured for the fit to start from.

use super::config::RunConfig;
use super::prepare::Prepared;
use crate::detrend::DetrendError;
use crate::ephemeris::{Candidate, Ephemeris};

/// Central share of the duration whose cadences give the depth, which keeps ingress and egress out.
const CENTRAL_SHARE: f64 = 0.6;

/// When a known planet transits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownTransit {
    pub ephemeris: Ephemeris,
    /// First to last contact (days).
    pub duration: f64,
}

/// Why a known planet cannot be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownError {
    #[error("no cadence within a transit of P = {period} d at {transit_time}; the data span {start} to {end}")]
    NotObserved { period: f64, transit_time: f64, start: f64, end: f64 },
    #[error("the flux in transit is {excess} above the flux outside: no dip at this ephemeris")]
    NoDip { excess: f64 },
    #[error(transparent)]
    Detrend(#[from] DetrendError),
}

/// The candidate that a search would have made of it: depth from the means in and out of transit.
pub(super) fn known_candidate(
    prepared: &Prepared,
    known: &KnownTransit,
    config: &RunConfig,
) -> Result<Candidate, KnownError> {
    let mut candidate = Candidate::known(known.ephemeris, known.duration, f64::NAN);
    let flat = prepared.without_transits(std::slice::from_ref(&candidate), config)?;
    let (mut inside, mut outside) = ((0.0, 0.0), (0.0, 0.0));
    let mut epochs = std::collections::BTreeSet::new();
    for ((&time, &flux), &err) in flat.time().iter().zip(flat.flux()).zip(flat.flux_err()) {
        let from_transit = known.ephemeris.time_from_transit(time).abs();
        let weight = err.powi(-2);
        if from_transit < 0.5 * CENTRAL_SHARE * known.duration {
            inside = (inside.0 + weight, inside.1 + weight * flux);
            epochs.insert(known.ephemeris.epoch(time));
        } else if from_transit > 0.5 * known.duration {
            outside = (outside.0 + weight, outside.1 + weight * flux);
        }
    }
    if inside.0 == 0.0 {
        let time = flat.time();
        let Ephemeris { period, transit_time } = known.ephemeris;
        return Err(KnownError::NotObserved { period, transit_time, start: time[0], end: time[time.len() - 1] });
    }
    let level = if outside.0 > 0.0 { outside.1 / outside.0 } else { 1.0 };
    candidate.depth = level - inside.1 / inside.0;
    if candidate.depth <= 0.0 {
        return Err(KnownError::NoDip { excess: -candidate.depth });
    }
    candidate.depth_err = (1.0 / inside.0 + if outside.0 > 0.0 { 1.0 / outside.0 } else { 0.0 }).sqrt();
    candidate.snr = candidate.depth / candidate.depth_err;
    candidate.n_transits = epochs.len();
    Ok(candidate)
}
