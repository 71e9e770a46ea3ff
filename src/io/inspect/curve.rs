//! What a light curve looks like once it is read, and what is wrong with it.

use crate::lightcurve::{RawSegment, median_time_step};
use crate::math::{median, point_to_point_sigma};

/// A step longer than this many cadences is a gap.
const GAP_CADENCES: f64 = 2.5;
/// Errors this many times smaller or larger than the scatter are placeholders.
const PLACEHOLDER: f64 = 100.0;
/// Errors are suspicious beyond this factor from the scatter.
const DOUBTFUL: f64 = 3.0;

/// What the error column is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ErrorColumn {
    Absent,
    /// All zero, or missing.
    Zero,
    Negative {
        cadences: usize,
    },
    /// Off from the point-to-point scatter by more than a factor of 100: `median` over scatter is `ratio`.
    Placeholder {
        ratio: f64,
    },
    /// Median error over point-to-point scatter.
    Measured {
        ratio: f64,
    },
}

/// One segment of a target, as read.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveReport {
    pub target_id: String,
    pub label: String,
    pub band: Option<String>,
    pub cadences: usize,
    /// Cadences with a time and a flux.
    pub usable: usize,
    /// Cadences that quality flags call bad; `None` without flags.
    pub flagged: Option<usize>,
    /// `BTJD`, `BKJD`, `BJD`, `BJD-2450000`, `unknown`.
    pub time_system: String,
    /// First and last time, days.
    pub start: f64,
    pub end: f64,
    /// Median time step, days.
    pub cadence: f64,
    /// Steps back in time.
    pub unsorted: usize,
    /// Cadences at a time already seen.
    pub duplicates: usize,
    /// Steps longer than two and a half cadences, and the longest step in days.
    pub gaps: usize,
    pub longest_gap: f64,
    pub median_flux: f64,
    /// Point-to-point scatter over the median flux, in parts per million.
    pub scatter_ppm: f64,
    pub errors: ErrorColumn,
    /// What looks wrong, one sentence each.
    pub warnings: Vec<String>,
}

impl CurveReport {
    /// Looks at a segment; times and fluxes that are missing or flagged count only as such.
    pub fn new(target_id: &str, segment: &RawSegment) -> Self {
        let is_usable = |i: &usize| segment.time[*i].is_finite() && segment.flux[*i].is_finite();
        let is_good = |i: &usize| segment.flagged.as_ref().is_none_or(|f| !f[*i]);
        let usable: Vec<usize> = (0..segment.time.len()).filter(is_usable).collect();
        let good: Vec<usize> = usable.iter().copied().filter(is_good).collect();
        let good = if good.len() < 2 { usable.clone() } else { good };

        let unsorted = usable.windows(2).filter(|w| segment.time[w[1]] < segment.time[w[0]]).count();
        let mut rows = good.clone();
        rows.sort_by(|a, b| segment.time[*a].total_cmp(&segment.time[*b]));
        let time: Vec<f64> = rows.iter().map(|i| segment.time[*i]).collect();
        let flux: Vec<f64> = rows.iter().map(|i| segment.flux[*i]).collect();
        let cadence = median_time_step(&time);
        let steps = || time.windows(2).map(|w| w[1] - w[0]);
        let median_flux = median(&flux);
        let scatter = point_to_point_sigma(&flux);
        let errors = error_column(segment, &good, scatter);
        let mut report = Self {
            target_id: target_id.into(),
            label: segment.label.clone(),
            band: segment.band.clone(),
            cadences: segment.time.len(),
            usable: usable.len(),
            flagged: segment.flagged.as_ref().map(|f| f.iter().filter(|b| **b).count()),
            time_system: segment.time_system.name(),
            start: time.first().copied().unwrap_or(f64::NAN),
            end: time.last().copied().unwrap_or(f64::NAN),
            cadence,
            unsorted,
            duplicates: steps().filter(|step| *step == 0.0).count(),
            gaps: steps().filter(|step| *step > GAP_CADENCES * cadence).count(),
            longest_gap: steps().fold(0.0, f64::max),
            median_flux,
            scatter_ppm: scatter / median_flux.abs() * 1e6,
            errors,
            warnings: Vec::new(),
        };
        report.warnings = report.find_warnings(scatter);
        report
    }

    fn find_warnings(&self, scatter: f64) -> Vec<String> {
        let mut out = Vec::new();
        let mut warn = |condition: bool, text: String| {
            if condition {
                out.push(text);
            }
        };
        let missing = self.cadences - self.usable;
        warn(missing > 0, format!("{missing} of {} cadences lack a time or a flux", self.cadences));
        warn(self.usable < 3, format!("only {} cadences can be used", self.usable));
        warn(
            self.time_system == "unknown",
            "the file does not say how its times relate to BJD: set time_offset".to_string(),
        );
        warn(self.unsorted > 0, format!("times run backwards {} times", self.unsorted));
        warn(self.duplicates > 0, format!("{} times occur more than once", self.duplicates));
        warn(self.usable > 1 && scatter == 0.0, "the flux has no scatter".to_string());
        warn(
            self.median_flux.abs() < 10.0 * scatter,
            format!(
                "the median flux, {:.3e}, is within ten times the scatter of zero: if it is flux − 1, set flux_offset = 1",
                self.median_flux
            ),
        );
        warn(
            self.median_flux < 0.0 && self.median_flux.abs() >= 10.0 * scatter,
            format!("the median flux is negative, {}: magnitudes, or no flux at all", self.median_flux),
        );
        match self.errors {
            ErrorColumn::Absent => warn(true, "no error column: errors will be estimated from the scatter".to_string()),
            ErrorColumn::Zero => warn(true, "all errors are zero or missing: they will be estimated".to_string()),
            ErrorColumn::Negative { cadences } => warn(true, format!("{cadences} errors are negative")),
            ErrorColumn::Placeholder { ratio } => {
                warn(true, format!("errors are {ratio:.1e} times the scatter: a placeholder, to be estimated"));
            }
            ErrorColumn::Measured { ratio } => warn(
                !(1.0 / DOUBTFUL..=DOUBTFUL).contains(&ratio),
                format!("errors are {ratio:.2} times the point-to-point scatter"),
            ),
        }
        out
    }
}

fn error_column(segment: &RawSegment, good: &[usize], scatter: f64) -> ErrorColumn {
    let Some(errors) = &segment.flux_err else { return ErrorColumn::Absent };
    let values: Vec<f64> = good.iter().map(|i| errors[*i]).filter(|e| e.is_finite()).collect();
    let negative = values.iter().filter(|e| **e < 0.0).count();
    if negative > 0 {
        return ErrorColumn::Negative { cadences: negative };
    }
    if values.iter().all(|e| *e == 0.0) {
        return ErrorColumn::Zero;
    }
    let ratio = median(&values) / scatter;
    match (1.0 / PLACEHOLDER..=PLACEHOLDER).contains(&ratio) {
        true => ErrorColumn::Measured { ratio },
        false => ErrorColumn::Placeholder { ratio },
    }
}
