//! Light curves of one target: as read ([`RawTarget`]), validated ([`LightCurve`]), flattened ([`Detrended`]).

mod centroid;
mod clean;
mod raw;
mod time;

use std::ops::Range;

pub use centroid::Centroid;
pub use clean::{
    CleanConfig, CleanReport, Cleaned, DroppedSegment, ErrorOrigin, SegmentReport, clean, segment_white_noise,
    white_noise,
};
pub use raw::{RawSegment, RawTarget};
pub use time::TimeSystem;

use crate::star::Star;

/// Why a set of columns is not a light curve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LightCurveError {
    #[error("columns differ in length: {time} times, {flux} fluxes, {flux_err} flux errors")]
    Lengths { time: usize, flux: usize, flux_err: usize },
    #[error("{found} centroids for {expected} times")]
    CentroidLength { found: usize, expected: usize },
    #[error("only {found} usable cadences, {needed} needed")]
    TooFewCadences { found: usize, needed: usize },
    #[error("{column} is not finite at row {row}")]
    NotFinite { column: &'static str, row: usize },
    #[error("flux error {value} at row {row} is not positive")]
    ErrorNotPositive { row: usize, value: f64 },
    #[error("time at row {row} is not later than the one before it")]
    NotSorted { row: usize },
    #[error("segments do not cover the {cadences} cadences one after the other")]
    Segments { cadences: usize },
    #[error("flux has no scatter: all {cadences} usable values are {value}")]
    Constant { cadences: usize, value: f64 },
    #[error("segment {segment} has a median flux of {median}, which cannot be normalised to 1")]
    Median { segment: String, median: f64 },
    #[error("flux error {value} in segment {segment} row {row} is negative")]
    NegativeError { segment: String, row: usize, value: f64 },
    #[error(
        "segments {first} and {second} have times that cannot be put on one scale ({first_system} and {second_system})"
    )]
    TimeSystems { first: String, second: String, first_system: String, second_system: String },
    #[error("segment {segment} was taken while {other} was observing too: {shared} of its {cadences} cadences overlap")]
    Overlap { segment: String, other: String, shared: usize, cadences: usize },
    #[error("none of {segments} segments is usable; the first because: {first}")]
    NoUsableSegment { segments: usize, first: Box<LightCurveError> },
}

/// A stretch of cadences from one file or sector, normalised on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Cadences `start..end` of the light curve.
    pub range: Range<usize>,
    /// What the mission calls it: `Q13`, `S1`, `C5`, or the file's name.
    pub label: String,
    /// The file it came from.
    pub source: String,
    /// Exposure time of a cadence in days; the median time step where the file does not say.
    pub exposure_time: f64,
    /// Photometric band or instrument, where the file says.
    pub band: Option<String>,
}

/// The photometry of one target: times ascending, all values finite, flux near 1, errors positive.
///
/// Only [`LightCurve::new`] makes one, so whoever holds it need not check again.
#[derive(Clone, Debug, PartialEq)]
pub struct LightCurve {
    target_id: String,
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
    segments: Vec<Segment>,
    time_system: TimeSystem,
    star: Star,
    centroid: Option<Centroid>,
    momentum_dumps: Vec<f64>,
}

impl LightCurve {
    /// Checks the columns and takes them. Times (days) strictly ascending; flux relative; `segments` cover all rows in
    /// order. Fails with the first row that breaks a rule.
    pub fn new(
        target_id: impl Into<String>,
        time: Vec<f64>,
        flux: Vec<f64>,
        flux_err: Vec<f64>,
        segments: Vec<Segment>,
        time_system: TimeSystem,
    ) -> Result<Self, LightCurveError> {
        if time.len() != flux.len() || time.len() != flux_err.len() {
            return Err(LightCurveError::Lengths { time: time.len(), flux: flux.len(), flux_err: flux_err.len() });
        }
        let n = time.len();
        if n < 2 {
            return Err(LightCurveError::TooFewCadences { found: n, needed: 2 });
        }
        for row in 0..n {
            for (column, value) in [("time", time[row]), ("flux", flux[row]), ("flux_err", flux_err[row])] {
                if !value.is_finite() {
                    return Err(LightCurveError::NotFinite { column, row });
                }
            }
            if flux_err[row] <= 0.0 {
                return Err(LightCurveError::ErrorNotPositive { row, value: flux_err[row] });
            }
            if row > 0 && time[row] <= time[row - 1] {
                return Err(LightCurveError::NotSorted { row });
            }
        }
        let mut next = 0;
        for segment in &segments {
            if segment.range.start != next || segment.range.is_empty() {
                return Err(LightCurveError::Segments { cadences: n });
            }
            next = segment.range.end;
        }
        if next != n {
            return Err(LightCurveError::Segments { cadences: n });
        }
        Ok(Self {
            target_id: target_id.into(),
            time,
            flux,
            flux_err,
            segments,
            time_system,
            star: Star::default(),
            centroid: None,
            momentum_dumps: Vec::new(),
        })
    }

    /// One segment named `label`, its exposure time the median time step. For tests, examples and single-file input.
    pub fn single_segment(
        target_id: impl Into<String>,
        time: Vec<f64>,
        flux: Vec<f64>,
        flux_err: Vec<f64>,
        time_system: TimeSystem,
    ) -> Result<Self, LightCurveError> {
        let segment = Segment {
            range: 0..time.len(),
            label: "1".into(),
            source: String::new(),
            exposure_time: median_time_step(&time),
            band: None,
        };
        Self::new(target_id, time, flux, flux_err, vec![segment], time_system)
    }

    /// The same light curve with what is known of its star.
    pub fn with_star(mut self, star: Star) -> Self {
        self.star = star;
        self
    }

    /// The same light curve with the centroids of its cadences. Fails where there are more or fewer.
    pub fn with_centroid(mut self, centroid: Centroid) -> Result<Self, LightCurveError> {
        for found in [centroid.column.len(), centroid.row.len()] {
            if found != self.len() {
                return Err(LightCurveError::CentroidLength { found, expected: self.len() });
            }
        }
        self.centroid = Some(centroid);
        Ok(self)
    }

    /// The same light curve with the times when the spacecraft dumped momentum.
    pub fn with_momentum_dumps(mut self, times: Vec<f64>) -> Self {
        self.momentum_dumps = times;
        self
    }

    pub fn target_id(&self) -> &str {
        &self.target_id
    }
    /// Times in days, strictly ascending.
    pub fn time(&self) -> &[f64] {
        &self.time
    }
    /// Flux relative to each segment's median.
    pub fn flux(&self) -> &[f64] {
        &self.flux
    }
    /// One-sigma flux errors, positive.
    pub fn flux_err(&self) -> &[f64] {
        &self.flux_err
    }
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
    pub fn time_system(&self) -> TimeSystem {
        self.time_system
    }
    pub fn star(&self) -> &Star {
        &self.star
    }
    /// Where the light fell, if any segment says.
    pub fn centroid(&self) -> Option<&Centroid> {
        self.centroid.as_ref()
    }
    /// Times when the spacecraft dumped momentum, ascending; empty where the files do not say.
    pub fn momentum_dumps(&self) -> &[f64] {
        &self.momentum_dumps
    }
    /// Number of cadences.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.time.len()
    }
    /// Days from the first to the last cadence.
    pub fn baseline(&self) -> f64 {
        self.time[self.time.len() - 1] - self.time[0]
    }
}

/// Which cadences of a light curve to use.
#[derive(Clone, Debug, PartialEq)]
pub struct CadenceMask {
    keep: Vec<bool>,
}

impl CadenceMask {
    /// A mask that keeps all of `n` cadences.
    pub fn keep_all(n: usize) -> Self {
        Self { keep: vec![true; n] }
    }
    /// A mask from one flag a cadence, true to keep it.
    pub fn from_keep(keep: Vec<bool>) -> Self {
        Self { keep }
    }
    pub fn keep(&self) -> &[bool] {
        &self.keep
    }
    pub fn drop_cadence(&mut self, index: usize) {
        self.keep[index] = false;
    }
    pub fn kept(&self) -> usize {
        self.keep.iter().filter(|k| **k).count()
    }
}

/// A flattened light curve: flux over its slow trend, masked cadences left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Detrended {
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
    trend: Vec<f64>,
    index: Vec<usize>,
    segments: Vec<Range<usize>>,
    exposure_time: Vec<f64>,
    time_system: TimeSystem,
}

impl Detrended {
    /// Divides `trend` out of the kept cadences of `light_curve`. `trend` has one value a cadence of the light curve;
    /// cadences whose trend is not finite and positive are left out too.
    pub fn from_trend(light_curve: &LightCurve, mask: &CadenceMask, trend: &[f64]) -> Result<Self, LightCurveError> {
        let n = light_curve.len();
        if trend.len() != n || mask.keep.len() != n {
            return Err(LightCurveError::Lengths { time: n, flux: trend.len(), flux_err: mask.keep.len() });
        }
        let mut out = Self {
            time: Vec::with_capacity(n),
            flux: Vec::with_capacity(n),
            flux_err: Vec::with_capacity(n),
            trend: Vec::with_capacity(n),
            index: Vec::with_capacity(n),
            segments: Vec::with_capacity(light_curve.segments.len()),
            exposure_time: Vec::with_capacity(light_curve.segments.len()),
            time_system: light_curve.time_system,
        };
        for segment in &light_curve.segments {
            let start = out.time.len();
            for (i, &level) in segment.range.clone().zip(&trend[segment.range.clone()]) {
                if !mask.keep[i] || !level.is_finite() || level <= 0.0 {
                    continue;
                }
                out.time.push(light_curve.time[i]);
                out.flux.push(light_curve.flux[i] / level);
                out.flux_err.push(light_curve.flux_err[i] / level);
                out.trend.push(level);
                out.index.push(i);
            }
            if out.time.len() > start {
                out.segments.push(start..out.time.len());
                out.exposure_time.push(segment.exposure_time);
            }
        }
        if out.time.len() < 2 {
            return Err(LightCurveError::TooFewCadences { found: out.time.len(), needed: 2 });
        }
        Ok(out)
    }

    /// The light curve as it is, taken to be flat already.
    pub fn already_flat(light_curve: &LightCurve, mask: &CadenceMask) -> Result<Self, LightCurveError> {
        Self::from_trend(light_curve, mask, &vec![1.0; light_curve.len()])
    }

    /// Times in days, strictly ascending.
    pub fn time(&self) -> &[f64] {
        &self.time
    }
    /// Flux over trend, near 1.
    pub fn flux(&self) -> &[f64] {
        &self.flux
    }
    pub fn flux_err(&self) -> &[f64] {
        &self.flux_err
    }
    /// The trend that was divided out, one value a kept cadence.
    pub fn trend(&self) -> &[f64] {
        &self.trend
    }
    /// For each kept cadence, its index in the light curve.
    pub fn index(&self) -> &[usize] {
        &self.index
    }
    /// Ranges of kept cadences, one a segment that has any.
    pub fn segments(&self) -> &[Range<usize>] {
        &self.segments
    }
    /// Exposure time in days of each of [`Detrended::segments`].
    pub fn exposure_time(&self) -> &[f64] {
        &self.exposure_time
    }
    pub fn time_system(&self) -> TimeSystem {
        self.time_system
    }
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.time.len()
    }
    /// Days from the first to the last kept cadence.
    pub fn baseline(&self) -> f64 {
        self.time[self.time.len() - 1] - self.time[0]
    }
}

/// Median of the positive time steps (days); NaN where there is none.
pub fn median_time_step(time: &[f64]) -> f64 {
    let mut steps: Vec<f64> = time.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    crate::math::median_in_place(&mut steps)
}

/// Ranges of consecutive times no more than `gap` days apart.
pub fn split_at_gaps(time: &[f64], gap: f64) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for i in 1..time.len() {
        if time[i] - time[i - 1] > gap {
            pieces.push(start..i);
            start = i;
        }
    }
    if start < time.len() {
        pieces.push(start..time.len());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> LightCurve {
        let time: Vec<f64> = (0..10).map(f64::from).collect();
        LightCurve::single_segment("t", time, vec![1.0; 10], vec![0.1; 10], TimeSystem::BTJD).unwrap()
    }

    #[test]
    fn bad_rows_are_named() {
        let make =
            |t: Vec<f64>, f: Vec<f64>, e: Vec<f64>| LightCurve::single_segment("t", t, f, e, TimeSystem::UNKNOWN);
        assert_eq!(make(vec![0.0, 0.0], vec![1.0; 2], vec![1.0; 2]), Err(LightCurveError::NotSorted { row: 1 }));
        assert_eq!(
            make(vec![0.0, 1.0], vec![1.0, f64::NAN], vec![1.0; 2]),
            Err(LightCurveError::NotFinite { column: "flux", row: 1 })
        );
        assert_eq!(
            make(vec![0.0, 1.0], vec![1.0; 2], vec![1.0, -1.0]),
            Err(LightCurveError::ErrorNotPositive { row: 1, value: -1.0 })
        );
    }

    #[test]
    fn detrended_leaves_masked_cadences_out() {
        let curve = curve();
        let mut mask = CadenceMask::keep_all(10);
        mask.drop_cadence(3);
        let flat = Detrended::from_trend(&curve, &mask, &[2.0; 10]).unwrap();
        assert_eq!(flat.len(), 9);
        assert_eq!(flat.index()[3], 4);
        assert_eq!(flat.flux()[0], 0.5);
        assert_eq!(flat.flux_err()[0], 0.05);
    }

    #[test]
    fn gaps_split() {
        assert_eq!(split_at_gaps(&[0.0, 1.0, 5.0, 6.0], 2.0), vec![0..2, 2..4]);
        assert_eq!(split_at_gaps(&[], 2.0), Vec::<Range<usize>>::new());
    }
}
