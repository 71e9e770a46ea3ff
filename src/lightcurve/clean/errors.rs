//! Flux errors of a segment: the file's where they mean something, else the point-to-point scatter.

use super::CleanConfig;
use crate::lightcurve::{CadenceMask, LightCurve, median_time_step};
use crate::math::{MAD_TO_SIGMA, median, median_in_place};

/// With fewer cadences than this, a transit among them can make up the scatter, and a constant error is given the
/// tolerance of one that varies.
const ENOUGH_FOR_SCATTER: usize = 50;

/// Where the errors of a segment come from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorOrigin {
    /// The file's errors, as they are.
    File,
    /// The file's; `filled` cadences whose error was zero or not finite got the median of the others.
    FileFilled { filled: usize },
    /// The scatter, because the file has no errors or none above zero.
    ScatterNoErrors,
    /// The scatter, because the file's errors are all `value` (relative flux), which is not the noise.
    ScatterPlaceholder { value: f64 },
    /// The scatter, because the file's errors are wrong by `factor` (scatter over median error).
    ScatterMismatch { factor: f64 },
}

impl ErrorOrigin {
    /// One word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::FileFilled { .. } => "file_filled",
            Self::ScatterNoErrors => "scatter_no_errors",
            Self::ScatterPlaceholder { .. } => "scatter_placeholder",
            Self::ScatterMismatch { .. } => "scatter_mismatch",
        }
    }
}

/// The errors to use, all positive.
pub(super) struct Errors {
    pub values: Vec<f64>,
    pub origin: ErrorOrigin,
    /// Median of the file's errors above zero; NaN where there is none.
    pub median_before: f64,
}

/// Chooses for `n` cadences between `from_file` (relative, not negative) and the scatter `noise`. `None` if neither is
/// above zero.
pub(super) fn settle(n: usize, from_file: Option<Vec<f64>>, noise: f64, config: &CleanConfig) -> Option<Errors> {
    let noise_known = noise.is_finite() && noise > 0.0;
    let mut values = from_file.unwrap_or_default();
    let mut good: Vec<f64> = values.iter().copied().filter(|e| e.is_finite() && *e > 0.0).collect();
    let typical = median_in_place(&mut good);
    let scatter = |origin| noise_known.then(|| Errors { values: vec![noise; n], origin, median_before: typical });
    // A few good errors among many zeros say nothing about the many.
    if 2 * good.len() <= n {
        return scatter(ErrorOrigin::ScatterNoErrors);
    }
    if noise_known {
        let factor = noise / typical;
        let wrong_by = factor.max(1.0 / factor);
        let constant = good.iter().all(|e| (e - typical).abs() <= 1e-9 * typical);
        if constant && n >= ENOUGH_FOR_SCATTER && wrong_by > config.placeholder_mismatch {
            return scatter(ErrorOrigin::ScatterPlaceholder { value: typical });
        }
        if wrong_by > config.error_mismatch {
            return scatter(match constant {
                true => ErrorOrigin::ScatterPlaceholder { value: typical },
                false => ErrorOrigin::ScatterMismatch { factor },
            });
        }
    }
    let filled = n - good.len();
    for e in values.iter_mut().filter(|e| !(e.is_finite() && **e > 0.0)) {
        *e = typical;
    }
    let origin = if filled == 0 { ErrorOrigin::File } else { ErrorOrigin::FileFilled { filled } };
    Some(Errors { values, origin, median_before: typical })
}

/// Noise of a single cadence from second differences between neighbours no more than 1.5 median steps apart:
///
/// ```text
/// 1.4826 median |x[i-1] - 2 x[i] + x[i+1]| / √6
/// ```
///
/// Slopes cancel, so that a rotating star does not look noisy; where flux is rounded so coarsely that the median
/// vanishes, the standard deviation of the differences is taken. Without three neighbouring cadences, gaps count as
/// neighbours; NaN for fewer than three cadences.
pub fn white_noise(time: &[f64], flux: &[f64]) -> f64 {
    let n = time.len().min(flux.len());
    if n < 3 {
        return f64::NAN;
    }
    let longest = 1.5 * median_time_step(&time[..n]);
    let second = |i: usize| flux[i - 1] - 2.0 * flux[i] + flux[i + 1];
    let regular = |i: usize| time[i] - time[i - 1] <= longest && time[i + 1] - time[i] <= longest;
    let mut differences: Vec<f64> = (1..n - 1).filter(|&i| regular(i)).map(|i| second(i).abs()).collect();
    if differences.is_empty() {
        differences = (1..n - 1).map(|i| second(i).abs()).collect();
    }
    let robust = MAD_TO_SIGMA * median(&differences);
    let sigma = if robust > 0.0 {
        robust
    } else {
        (differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64).sqrt()
    };
    sigma / 6f64.sqrt()
}

/// [`white_noise`] of the kept cadences of each segment, in the order of [`LightCurve::segments`]: what the errors must
/// at least be, for inflating errors that the file states too small.
pub fn segment_white_noise(light_curve: &LightCurve, mask: &CadenceMask) -> Vec<f64> {
    light_curve
        .segments()
        .iter()
        .map(|segment| {
            let kept = || segment.range.clone().filter(|&i| mask.keep()[i]);
            let time: Vec<f64> = kept().map(|i| light_curve.time()[i]).collect();
            let flux: Vec<f64> = kept().map(|i| light_curve.flux()[i]).collect();
            white_noise(&time, &flux)
        })
        .collect()
}
