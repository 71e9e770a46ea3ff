//! The cadences that a fit looks at: windows around one candidate's transits.

use super::{FitConfig, FitError};
use crate::ephemeris::{Candidate, Ephemeris};
use crate::lightcurve::Detrended;

/// Photometry around the transits of one candidate. Times count from a reference transit near the middle of the data, so
/// that transit time and period are nearly uncorrelated.
#[derive(Clone, Debug, PartialEq)]
pub struct FitData {
    pub(super) reference_time: f64,
    pub(super) ephemeris: Ephemeris,
    pub(super) duration: f64,
    /// Days from the reference time, any order.
    pub(super) time: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) flux_err: Vec<f64>,
    /// Ranges of points with one exposure time (days).
    pub(super) exposures: Vec<(std::ops::Range<usize>, f64)>,
    /// Epochs, counted from the reference transit, of the first and the last transit with data.
    pub(super) epochs: (i64, i64),
}

/// Points that a fit needs at least: more than it has parameters.
const MIN_POINTS: usize = 15;

impl FitData {
    /// Windows of ± `config.window` durations around the transits of `candidate`, cut half-way to the neighbouring
    /// transit, without the cadences in transits of `others` (each widened by a tenth of its duration and half an exposure
    /// at either side).
    pub fn from_detrended(
        detrended: &Detrended,
        candidate: &Candidate,
        others: &[Candidate],
        config: &FitConfig,
    ) -> Result<Self, FitError> {
        check_candidate(candidate)?;
        let mut points = Points::default();
        for (segment, &exposure) in detrended.segments().iter().zip(detrended.exposure_time()) {
            let exposure = usable_exposure(exposure);
            // room for some cadences out of transit, whatever the window
            let half = (config.window * candidate.duration)
                .max(0.5 * candidate.duration + 2.0 * exposure)
                .min(0.5 * candidate.ephemeris.period);
            let start = points.time.len();
            for i in segment.clone() {
                let time = detrended.time()[i];
                let elsewhere = others.iter().any(|o| o.ephemeris.in_transit(time, 0.6 * o.duration + 0.5 * exposure));
                if candidate.ephemeris.in_transit(time, half) && !elsewhere {
                    points.time.push(time);
                    points.flux.push(detrended.flux()[i]);
                    points.flux_err.push(detrended.flux_err()[i]);
                }
            }
            if points.time.len() > start {
                points.exposures.push((start..points.time.len(), exposure));
            }
        }
        Self::from_points(points, candidate)
    }

    /// All of the given points (finite, positive errors), with one exposure time in days (0: instantaneous).
    pub fn from_columns(
        time: &[f64],
        flux: &[f64],
        flux_err: &[f64],
        exposure_time: f64,
        candidate: &Candidate,
    ) -> Result<Self, FitError> {
        check_candidate(candidate)?;
        if time.len() != flux.len() || time.len() != flux_err.len() {
            return Err(FitError::Lengths { time: time.len(), flux: flux.len(), flux_err: flux_err.len() });
        }
        let good =
            |row: usize| [time[row], flux[row], flux_err[row]].iter().all(|v| v.is_finite()) && flux_err[row] > 0.0;
        if let Some(row) = (0..time.len()).find(|row| !good(*row)) {
            return Err(FitError::BadPoint { row });
        }
        let points = Points {
            time: time.to_vec(),
            flux: flux.to_vec(),
            flux_err: flux_err.to_vec(),
            exposures: vec![(0..time.len(), usable_exposure(exposure_time))],
        };
        Self::from_points(points, candidate)
    }

    fn from_points(points: Points, candidate: &Candidate) -> Result<Self, FitError> {
        let ephemeris = candidate.ephemeris;
        if points.time.len() < MIN_POINTS {
            return Err(FitError::TooFewPoints { found: points.time.len(), needed: MIN_POINTS });
        }
        let near = |time: &&f64| ephemeris.in_transit(**time, 0.5 * candidate.duration);
        let in_transit: Vec<i64> = points.time.iter().filter(near).map(|t| ephemeris.epoch(*t)).collect();
        let (Some(first), Some(last)) = (in_transit.iter().min(), in_transit.iter().max()) else {
            return Err(FitError::NoTransit { points: points.time.len() });
        };
        let middle = in_transit.iter().map(|e| (e - first) as f64).sum::<f64>() / in_transit.len() as f64;
        let reference = first + middle.round() as i64;
        let reference_time = ephemeris.time_of(reference);
        Ok(Self {
            reference_time,
            ephemeris,
            duration: candidate.duration,
            time: points.time.iter().map(|t| t - reference_time).collect(),
            flux: points.flux,
            flux_err: points.flux_err,
            exposures: points.exposures,
            epochs: (first - reference, last - reference),
        })
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.time.len()
    }
    /// Mid-time that the candidate predicts for the transit from which times are counted (days, the light curve's system).
    pub fn reference_time(&self) -> f64 {
        self.reference_time
    }
}

#[derive(Default)]
struct Points {
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
    exposures: Vec<(std::ops::Range<usize>, f64)>,
}

/// An exposure time that is not known is taken as instantaneous.
fn usable_exposure(exposure: f64) -> f64 {
    if exposure.is_finite() { exposure.max(0.0) } else { 0.0 }
}

fn check_candidate(candidate: &Candidate) -> Result<(), FitError> {
    let Ephemeris { period, transit_time } = candidate.ephemeris;
    for (name, value, positive) in [
        ("period", period, true),
        ("transit_time", transit_time, false),
        ("duration", candidate.duration, true),
        ("depth", candidate.depth, true),
    ] {
        if !value.is_finite() || (positive && value <= 0.0) {
            return Err(FitError::Candidate { name, value });
        }
    }
    Ok(())
}
