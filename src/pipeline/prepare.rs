//! One target cleaned and flattened, and the rows for what could not be used of it.

use super::config::RunConfig;
use crate::detrend::{DetrendError, detrend};
use crate::ephemeris::Candidate;
use crate::io::read::{ErrorKind, InputError};
use crate::lightcurve::{CadenceMask, CleanReport, Cleaned, Detrended, LightCurve, RawTarget, clean, median_time_step};

/// Half-width, in durations, of what is masked around each transit before the trend is measured again for the fit.
const TREND_MASK_DURATIONS: f64 = 0.75;

/// A row of the error table.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorRow {
    pub target_id: Option<String>,
    pub source: String,
    /// `read`, `clean`, `detrend`, `search` or `fit`.
    pub stage: &'static str,
    /// One word.
    pub kind: String,
    pub reason: String,
    /// Whether the data were merely left out for better data of the same photons.
    pub left_out: bool,
}

impl From<&InputError> for ErrorRow {
    fn from(error: &InputError) -> Self {
        Self {
            target_id: error.target_id.clone(),
            source: error.source.clone(),
            stage: "read",
            kind: error.kind().to_string(),
            reason: error.reason(),
            left_out: matches!(error.kind(), ErrorKind::Superseded | ErrorKind::Duplicate),
        }
    }
}

/// A light curve cleaned and flattened, with the masks and the window that were used.
pub struct Prepared {
    pub light_curve: LightCurve,
    pub mask: CadenceMask,
    pub detrended: Detrended,
    /// Window of the detrending (days).
    pub window: f64,
    /// Longest transit that is searched for (days).
    pub longest_duration: f64,
}

impl Prepared {
    /// Cleans and flattens a target as it was read; errors of single segments are appended to `errors`.
    pub fn new(
        raw: &RawTarget,
        config: &RunConfig,
        errors: &mut Vec<ErrorRow>,
    ) -> Result<(Self, CleanReport), ErrorRow> {
        let at = |stage: &'static str, kind: &str, reason: String| ErrorRow {
            target_id: Some(raw.target_id.clone()),
            source: raw.segments.first().map(|s| s.source.clone()).unwrap_or_default(),
            stage,
            kind: kind.to_string(),
            reason,
            left_out: false,
        };
        let Cleaned { light_curve, mask, report } =
            clean(raw, &config.clean).map_err(|e| at("clean", "not_a_light_curve", e.to_string()))?;
        errors.extend(report.dropped.iter().map(|d| ErrorRow {
            source: d.source.clone(),
            ..at("clean", "segment", format!("segment {}: {}", d.label, d.reason))
        }));
        let star = config.stars.get(&raw.target_id).copied().unwrap_or(raw.star);
        let prepared = Self::from_cleaned(light_curve.with_star(star), mask, config)
            .map_err(|e| at("detrend", "detrend", e.to_string()))?;
        Ok((prepared, report))
    }

    /// Flattens a light curve that is clean; `mask` keeps what is not an outlier.
    pub fn from_cleaned(light_curve: LightCurve, mask: CadenceMask, config: &RunConfig) -> Result<Self, DetrendError> {
        let cadence = median_time_step(light_curve.time());
        let density = light_curve.star().density();
        let longest = config.search.longest_duration(light_curve.baseline(), cadence, density);
        let window = config.detrend.window_for(longest);
        let nothing_masked = CadenceMask::keep_all(light_curve.len());
        let method = config.detrend.build(longest)?;
        let detrended = detrend(&light_curve, &mask, &nothing_masked, method.as_ref())?;
        Ok(Self { light_curve, mask, detrended, window, longest_duration: longest })
    }

    /// Flattens again with the transits of `candidates` left out of the trend, which then runs on under them.
    pub fn without_transits(&self, candidates: &[Candidate], config: &RunConfig) -> Result<Detrended, DetrendError> {
        let mut fit_to = CadenceMask::keep_all(self.light_curve.len());
        for (i, &time) in self.light_curve.time().iter().enumerate() {
            let in_transit = candidates.iter().any(|c| c.ephemeris.in_transit(time, TREND_MASK_DURATIONS * c.duration));
            if in_transit {
                fit_to.drop_cadence(i);
            }
        }
        let method = config.detrend.build(self.longest_duration)?;
        detrend(&self.light_curve, &self.mask, &fit_to, method.as_ref())
    }
}
