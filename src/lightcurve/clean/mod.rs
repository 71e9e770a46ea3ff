//! From the columns of the files to one validated light curve: bad cadences out, one time system, flux near 1, errors positive.
//!
//! ```text
//! usable     drop flagged and non-finite cadences, sort by time, drop repeated times
//! normalise  divide each segment by its median
//! errors     keep the file's, or estimate them from the scatter        (errors)
//! merge      one time system, one cadence at a time                    (merge)
//! outliers   mask upward outliers; dips are never touched              (outliers)
//! ```
//!
//! A segment that cannot be used costs itself, not the target, and [`CleanReport`] says why. Nothing is done that the
//! report does not count.

mod errors;
mod merge;
mod outliers;

use super::{CadenceMask, Centroid, LightCurve, LightCurveError, RawSegment, RawTarget, median_time_step};
use crate::math::median;

pub use errors::{ErrorOrigin, segment_white_noise, white_noise};

/// How to clean. Defaults suit space photometry at cadences from seconds to half an hour.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CleanConfig {
    /// Height above the local level, in robust standard deviations, at which a cadence is an upward outlier; 0 masks none.
    pub outlier_sigma: f64,
    /// Length (days) of the stretches whose medians, joined by lines, are the local level that outliers are measured
    /// from: much longer than a flare, shorter than the slopes of a rotating star. Longer excesses are not outliers.
    pub outlier_window: f64,
    /// Errors that vary are replaced by the scatter when their median is wrong by more than this factor.
    pub error_mismatch: f64,
    /// Errors that are all one number (1, 1e-6, …) are replaced when it is wrong by more than this factor.
    pub placeholder_mismatch: f64,
    /// Segments with fewer usable cadences are dropped.
    pub min_cadences: usize,
}

impl Default for CleanConfig {
    fn default() -> Self {
        Self {
            outlier_sigma: 4.0,
            outlier_window: 0.25,
            error_mismatch: 10.0,
            placeholder_mismatch: 3.0,
            min_cadences: 10,
        }
    }
}

/// A light curve that is fit for use, the cadences to leave out of a search, and what was done to get there.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleaned {
    pub light_curve: LightCurve,
    /// Drops upward outliers.
    pub mask: CadenceMask,
    pub report: CleanReport,
}

/// What cleaning did to each segment of a target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanReport {
    /// Segments that are part of the light curve, by their first time.
    pub segments: Vec<SegmentReport>,
    /// Segments that are not, and why.
    pub dropped: Vec<DroppedSegment>,
}

/// What cleaning did to one segment: `cadences_in` = `cadences_out` + those of the four reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentReport {
    pub label: String,
    pub source: String,
    pub cadences_in: usize,
    /// Cadences with a bad quality flag.
    pub flagged: usize,
    /// Unflagged cadences whose time or flux is not finite.
    pub not_finite: usize,
    /// Cadences at the very time of another; the first is kept.
    pub duplicates: usize,
    /// Cadences taken while a preferred segment was observing too.
    pub overlapping: usize,
    pub cadences_out: usize,
    /// Of `cadences_out`, those that the mask drops.
    pub upward_outliers: usize,
    pub errors: ErrorOrigin,
    /// What the flux was divided by, in the unit of the file.
    pub median_flux: f64,
    /// Scatter of a single cadence, from second differences, relative to the median flux.
    pub white_noise: f64,
    /// Median error before any replacement, relative to the median flux; NaN where the file has none.
    pub median_error: f64,
}

/// A segment that is not part of the light curve.
#[derive(Clone, Debug, PartialEq)]
pub struct DroppedSegment {
    pub label: String,
    pub source: String,
    pub cadences_in: usize,
    pub reason: LightCurveError,
}

/// Cleans one target: see the module's head for the steps.
///
/// Fails if no segment is usable (with the segment's own reason if there is one segment), or if some segments name
/// their time system and others do not.
pub fn clean(target: &RawTarget, config: &CleanConfig) -> Result<Cleaned, LightCurveError> {
    let mut dropped = Vec::new();
    let mut usable = Vec::new();
    for segment in &target.segments {
        match clean_segment(segment, config) {
            Ok(clean) => usable.push(clean),
            Err(reason) => dropped.push(DroppedSegment::new(segment, reason)),
        }
    }
    let time_system = merge::common_time_system(&mut usable)?;
    let usable = merge::one_cadence_at_a_time(usable, config.min_cadences, &mut dropped);
    dropped.sort_by(|a, b| (&a.label, &a.source).cmp(&(&b.label, &b.source)));
    if usable.is_empty() {
        let segments = dropped.len();
        return Err(match dropped.into_iter().next() {
            None => LightCurveError::TooFewCadences { found: 0, needed: config.min_cadences },
            Some(only) if segments == 1 => only.reason,
            Some(first) => LightCurveError::NoUsableSegment { segments, first: Box::new(first.reason) },
        });
    }
    let (light_curve, masks, segments) = merge::join(target, usable, time_system, config)?;
    Ok(Cleaned { light_curve, mask: CadenceMask::from_keep(masks), report: CleanReport { segments, dropped } })
}

impl DroppedSegment {
    fn new(segment: &RawSegment, reason: LightCurveError) -> Self {
        Self { label: segment.label.clone(), source: segment.source.clone(), cadences_in: segment.time.len(), reason }
    }
}

/// One segment after its own cleaning: ascending times, flux over its median, positive errors.
struct CleanSegment<'a> {
    raw: &'a RawSegment,
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
    centroid: Option<Centroid>,
    momentum_dumps: Vec<f64>,
    exposure_time: f64,
    report: SegmentReport,
}

fn clean_segment<'a>(raw: &'a RawSegment, config: &CleanConfig) -> Result<CleanSegment<'a>, LightCurveError> {
    let n = raw.time.len();
    let lengths = |found: usize| LightCurveError::Lengths { time: n, flux: raw.flux.len(), flux_err: found };
    if raw.flux.len() != n {
        return Err(lengths(raw.flux_err.as_ref().map_or(n, Vec::len)));
    }
    if let Some(errors) = raw.flux_err.as_ref().filter(|e| e.len() != n) {
        return Err(lengths(errors.len()));
    }
    if let Some(flags) = raw.flagged.as_ref().filter(|f| f.len() != n) {
        return Err(lengths(flags.len()));
    }

    if let Some(centroid) = &raw.centroid
        && let Some(found) = [centroid.column.len(), centroid.row.len()].into_iter().find(|found| *found != n)
    {
        return Err(LightCurveError::CentroidLength { found, expected: n });
    }

    let mut rows = Vec::with_capacity(n);
    let (mut flagged, mut not_finite) = (0, 0);
    for i in 0..n {
        if raw.flagged.as_ref().is_some_and(|f| f[i]) {
            flagged += 1;
        } else if !raw.time[i].is_finite() || !raw.flux[i].is_finite() {
            not_finite += 1;
        } else {
            rows.push(i);
        }
    }
    // The sort is stable, so of equal times the first row of the file stays.
    rows.sort_by(|&a, &b| raw.time[a].total_cmp(&raw.time[b]));
    let sorted = rows.len();
    rows.dedup_by(|b, a| raw.time[*a] == raw.time[*b]);
    let duplicates = sorted - rows.len();
    let needed = config.min_cadences.max(2);
    if rows.len() < needed {
        return Err(LightCurveError::TooFewCadences { found: rows.len(), needed });
    }

    let time: Vec<f64> = rows.iter().map(|&i| raw.time[i]).collect();
    let mut flux: Vec<f64> = rows.iter().map(|&i| raw.flux[i]).collect();
    if flux.iter().all(|f| *f == flux[0]) {
        return Err(LightCurveError::Constant { cadences: flux.len(), value: flux[0] });
    }
    let level = normalising_median(&flux, &raw.label)?;
    flux.iter_mut().for_each(|f| *f /= level);

    let noise = white_noise(&time, &flux);
    let file_errors = match &raw.flux_err {
        None => None,
        Some(errors) => {
            if let Some(&row) = rows.iter().find(|&&i| errors[i] < 0.0) {
                return Err(LightCurveError::NegativeError { segment: raw.label.clone(), row, value: errors[row] });
            }
            Some(rows.iter().map(|&i| errors[i] / level).collect::<Vec<f64>>())
        }
    };
    let estimated = errors::settle(time.len(), file_errors, noise, config)
        .ok_or(LightCurveError::Constant { cadences: flux.len(), value: level })?;
    let exposure_time = raw.exposure_time.filter(|e| e.is_finite() && *e > 0.0);
    let report = SegmentReport {
        label: raw.label.clone(),
        source: raw.source.clone(),
        cadences_in: n,
        flagged,
        not_finite,
        duplicates,
        overlapping: 0,
        cadences_out: time.len(),
        upward_outliers: 0,
        errors: estimated.origin,
        median_flux: level,
        white_noise: noise,
        median_error: estimated.median_before,
    };
    let exposure_time = exposure_time.unwrap_or_else(|| median_time_step(&time));
    Ok(CleanSegment {
        raw,
        time,
        flux,
        flux_err: estimated.values,
        centroid: raw.centroid.as_ref().map(|c| c.at(&rows)),
        momentum_dumps: raw.momentum_dumps.clone(),
        exposure_time,
        report,
    })
}

/// The median, if it is plainly positive. Flux around zero (differences, residuals, flux − 1) has no scale of its own:
/// its median is far below its typical size, and dividing by it would turn noise into depths.
fn normalising_median(flux: &[f64], label: &str) -> Result<f64, LightCurveError> {
    let level = median(flux);
    let size = median(&flux.iter().map(|f| (f - level).abs()).collect::<Vec<_>>());
    if !(level > size && level.is_finite()) {
        return Err(LightCurveError::Median { segment: label.into(), median: level });
    }
    Ok(level)
}

#[cfg(test)]
mod tests;
