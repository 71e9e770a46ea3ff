//! The cadences that a fit looks at: windows around one candidate's transits.

use super::gathered::Multiplicity;
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
    /// Days from the reference time, group by group.
    pub(super) time: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) flux_err: Vec<f64>,
    pub(super) groups: Vec<Group>,
    /// Epochs, counted from the reference transit, of the first and the last transit with data.
    pub(super) epochs: (i64, i64),
    /// Where each point stands for several.
    pub(super) multiplicity: Option<Multiplicity>,
}

/// Points with one exposure time, by their distance from the mid-transits of the candidate: what is in transit comes first,
/// and neighbours are at the same phase of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub points: std::ops::Range<usize>,
    /// Days.
    pub exposure: f64,
    /// Days from the nearest mid-transit, rising.
    pub distance: Vec<f64>,
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
        let mut points = Vec::new();
        for (segment, &exposure) in detrended.segments().iter().zip(detrended.exposure_time()) {
            let exposure = usable_exposure(exposure);
            // room for some cadences out of transit, whatever the window
            let half = (config.window * candidate.duration)
                .max(0.5 * candidate.duration + 2.0 * exposure)
                .min(0.5 * candidate.ephemeris.period);
            for i in segment.clone() {
                let time = detrended.time()[i];
                let elsewhere = others.iter().any(|o| o.ephemeris.in_transit(time, 0.6 * o.duration + 0.5 * exposure));
                if candidate.ephemeris.in_transit(time, half) && !elsewhere {
                    points.push(Point { time, flux: detrended.flux()[i], flux_err: detrended.flux_err()[i], exposure });
                }
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
        let exposure = usable_exposure(exposure_time);
        let points = time.iter().zip(flux).zip(flux_err);
        let points = points.map(|((&time, &flux), &flux_err)| Point { time, flux, flux_err, exposure });
        Self::from_points(points.collect(), candidate)
    }

    fn from_points(mut points: Vec<Point>, candidate: &Candidate) -> Result<Self, FitError> {
        let ephemeris = candidate.ephemeris;
        if points.len() < MIN_POINTS {
            return Err(FitError::TooFewPoints { found: points.len(), needed: MIN_POINTS });
        }
        let near = |p: &&Point| ephemeris.in_transit(p.time, 0.5 * candidate.duration);
        let in_transit: Vec<i64> = points.iter().filter(near).map(|p| ephemeris.epoch(p.time)).collect();
        let (Some(first), Some(last)) = (in_transit.iter().min(), in_transit.iter().max()) else {
            return Err(FitError::NoTransit { points: points.len() });
        };
        let middle = in_transit.iter().map(|e| (e - first) as f64).sum::<f64>() / in_transit.len() as f64;
        let reference = first + middle.round() as i64;
        let reference_time = ephemeris.time_of(reference);
        let distance = |p: &Point| (p.time - ephemeris.time_of(ephemeris.epoch(p.time))).abs();
        points.sort_by(|a, b| a.exposure.total_cmp(&b.exposure).then(distance(a).total_cmp(&distance(b))));
        let mut groups: Vec<Group> = Vec::new();
        for group in points.chunk_by(|a, b| a.exposure == b.exposure) {
            let start = groups.last().map_or(0, |g| g.points.end);
            groups.push(Group {
                points: start..start + group.len(),
                exposure: group[0].exposure,
                distance: group.iter().map(distance).collect(),
            });
        }
        Ok(Self {
            reference_time,
            ephemeris,
            duration: candidate.duration,
            time: points.iter().map(|p| p.time - reference_time).collect(),
            flux: points.iter().map(|p| p.flux).collect(),
            flux_err: points.iter().map(|p| p.flux_err).collect(),
            groups,
            epochs: (first - reference, last - reference),
            multiplicity: None,
        })
    }

    /// The most that a mid-transit near the points may be from the candidate's, with this ephemeris from the reference time.
    pub(super) fn largest_shift(&self, transit_time: f64, period: f64) -> f64 {
        // windows may reach one transit beyond those with points in them
        let cycles = self.epochs.0.unsigned_abs().max(self.epochs.1.unsigned_abs()) + 1;
        transit_time.abs() + cycles as f64 * (period - self.ephemeris.period).abs()
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

struct Point {
    time: f64,
    flux: f64,
    flux_err: f64,
    exposure: f64,
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
