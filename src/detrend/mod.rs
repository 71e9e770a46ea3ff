//! Slow trends of a light curve, to be divided out before a search: stellar rotation, focus, pointing.
//!
//! | method | trend |
//! |---|---|
//! | [`Biweight`] | Tukey's biweight location in a window of fixed length in time (the default) |
//! | [`RunningMedian`] | median in the same window |
//! | [`SmoothSpline`] | cubic spline with one knot a window, fitted with Tukey's weights |
//!
//! Every method works on pieces, stretches of one segment without a long gap, and fits only cadences that a mask keeps:
//! transits that are known can be masked, and the trend runs on under them.

mod biweight;
mod edges;
mod median;
mod power_sums;
mod slider;
mod spline;

use std::ops::Range;

pub use biweight::{Biweight, biweight_location};
pub use median::RunningMedian;
pub use spline::SmoothSpline;

use crate::lightcurve::{CadenceMask, Detrended, LightCurve, LightCurveError, split_at_gaps};

/// Why a light curve has no trend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DetrendError {
    #[error("the mask has {mask} entries for {cadences} cadences")]
    MaskLength { mask: usize, cadences: usize },
    #[error("{name} is {value}, but it must be positive and finite")]
    NotPositive { name: &'static str, value: f64 },
    #[error(
        "no piece of the light curve has cadences to fit a trend to (data of a single transit need `detrend.method = \"none\"`)"
    )]
    NothingToFit,
    #[error(transparent)]
    LightCurve(#[from] LightCurveError),
}

/// A way to find the slow trend of a light curve.
pub trait Detrend: Send + Sync {
    /// The trend at every cadence of `light_curve`, found from the cadences that `fit_to` keeps.
    ///
    /// Where nothing is near, it is interpolated within its piece; in pieces without a cadence to fit it is NaN.
    fn trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError>;
}

/// Which trend to divide out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DetrendMethod {
    #[default]
    Biweight,
    Median,
    Spline,
    /// The light curve is flat already.
    None,
}

/// How to detrend.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetrendConfig {
    pub method: DetrendMethod,
    /// Window over the longest transit duration that is searched. At 3 a transit fills at most a third of its window,
    /// which is what a robust location can stand (Hippke et al. 2019, AJ 158, 143).
    pub window_durations: f64,
    /// Window in days, in place of the one that follows from the longest duration.
    pub window: Option<f64>,
    /// A gap longer than this many windows splits a segment into pieces that are detrended apart.
    pub gap_windows: f64,
    /// Distance, in median absolute deviations, at which the biweight ignores a cadence.
    pub cval: f64,
}

impl Default for DetrendConfig {
    fn default() -> Self {
        Self { method: DetrendMethod::Biweight, window_durations: 3.0, window: None, gap_windows: 0.5, cval: 5.0 }
    }
}

impl DetrendConfig {
    /// Window length in days for a search whose longest transit lasts `longest_duration` days.
    pub fn window_for(&self, longest_duration: f64) -> f64 {
        self.window.unwrap_or(self.window_durations * longest_duration)
    }

    /// The method with its window set for transits up to `longest_duration` days.
    pub fn build(&self, longest_duration: f64) -> Result<Box<dyn Detrend>, DetrendError> {
        let window = self.window_for(longest_duration);
        for (name, value) in [("window", window), ("gap_windows", self.gap_windows), ("cval", self.cval)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(DetrendError::NotPositive { name, value });
            }
        }
        let gap = self.gap_windows * window;
        Ok(match self.method {
            DetrendMethod::Biweight => Box::new(Biweight { window, gap, cval: self.cval }),
            DetrendMethod::Median => Box::new(RunningMedian { window, gap }),
            DetrendMethod::Spline => Box::new(SmoothSpline { knot_spacing: window, gap, cval: self.cval }),
            DetrendMethod::None => Box::new(AlreadyFlat),
        })
    }
}

/// Divides the trend out: fits it to the cadences of both masks, keeps those of `mask`.
///
/// `mask` drops cadences for good (outliers); `fit_to` drops those that are real but not trend (transits). A cadence
/// dropped by either is not fitted; one dropped by `fit_to` alone is still in the result.
pub fn detrend(
    light_curve: &LightCurve,
    mask: &CadenceMask,
    fit_to: &CadenceMask,
    method: &dyn Detrend,
) -> Result<Detrended, DetrendError> {
    check_mask(light_curve, mask)?;
    check_mask(light_curve, fit_to)?;
    let both = mask.keep().iter().zip(fit_to.keep()).map(|(a, b)| *a && *b).collect();
    let trend = method.trend(light_curve, &CadenceMask::from_keep(both))?;
    Ok(Detrended::from_trend(light_curve, mask, &trend)?)
}

/// For light curves that were detrended before: the trend is 1.
struct AlreadyFlat;

impl Detrend for AlreadyFlat {
    fn trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError> {
        check_mask(light_curve, fit_to)?;
        Ok(vec![1.0; light_curve.len()])
    }
}

fn check_mask(light_curve: &LightCurve, mask: &CadenceMask) -> Result<(), DetrendError> {
    let (cadences, entries) = (light_curve.len(), mask.keep().len());
    if cadences != entries {
        return Err(DetrendError::MaskLength { mask: entries, cadences });
    }
    Ok(())
}

/// The kept cadences of one piece, and all times at which its trend is wanted.
struct Piece<'a> {
    /// Every time of the piece.
    at: &'a [f64],
    /// Times and fluxes to fit.
    time: &'a [f64],
    flux: &'a [f64],
}

/// Cuts a light curve into pieces, has `fit` fill each piece's trend (NaN where it has none), and bridges what is NaN.
fn by_pieces(
    light_curve: &LightCurve,
    fit_to: &CadenceMask,
    gap: f64,
    mut fit: impl FnMut(Piece<'_>, &mut [f64]),
) -> Result<Vec<f64>, DetrendError> {
    check_mask(light_curve, fit_to)?;
    let mut trend = vec![f64::NAN; light_curve.len()];
    let (mut time, mut flux) = (Vec::new(), Vec::new());
    let mut fitted = 0;
    for piece in pieces(light_curve, gap) {
        time.clear();
        flux.clear();
        let mut start = piece.start;
        // Stretch by stretch, since most cadences are kept.
        for stretch in fit_to.keep()[piece.clone()].chunk_by(|a, b| a == b) {
            let range = start..start + stretch.len();
            start = range.end;
            if stretch[0] {
                time.extend_from_slice(&light_curve.time()[range.clone()]);
                flux.extend_from_slice(&light_curve.flux()[range]);
            }
        }
        if time.is_empty() {
            continue;
        }
        fitted += time.len();
        let at = &light_curve.time()[piece.clone()];
        let out = &mut trend[piece];
        fit(Piece { at, time: &time, flux: &flux }, out);
        bridge(at, out);
    }
    if fitted == 0 {
        return Err(DetrendError::NothingToFit);
    }
    Ok(trend)
}

/// Stretches of one segment between gaps longer than `gap` days.
fn pieces(light_curve: &LightCurve, gap: f64) -> Vec<Range<usize>> {
    let in_segment = |range: &Range<usize>| {
        let start = range.start;
        let split = split_at_gaps(&light_curve.time()[range.clone()], gap);
        split.into_iter().map(move |p| start + p.start..start + p.end).collect::<Vec<_>>()
    };
    light_curve.segments().iter().flat_map(|s| in_segment(&s.range)).collect()
}

/// Replaces NaN by a line between the values on either side, and by the nearest value at the ends.
fn bridge(time: &[f64], trend: &mut [f64]) {
    if trend.iter().all(|x| x.is_finite()) {
        return;
    }
    let known: Vec<usize> = (0..trend.len()).filter(|&i| trend[i].is_finite()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else {
        return;
    };
    let (before, after) = (trend[first], trend[last]);
    trend[..first].fill(before);
    trend[last + 1..].fill(after);
    for pair in known.windows(2).filter(|p| p[1] > p[0] + 1) {
        let (a, b) = (pair[0], pair[1]);
        let slope = (trend[b] - trend[a]) / (time[b] - time[a]);
        for i in a + 1..b {
            trend[i] = trend[a] + slope * (time[i] - time[a]);
        }
    }
}

#[cfg(test)]
mod tests;
