//! Photometry as the files hold it, before anything is dropped or scaled.

use super::{Centroid, TimeSystem};
use crate::star::Star;

/// One file's (or sector's, aperture's, band's) columns, in the file's order and units; missing values are NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawSegment {
    /// What the mission calls it: `Q13`, `S1`, `C5`, or the file's name.
    pub label: String,
    /// File (and row or HDU) it came from, as the user named it.
    pub source: String,
    /// Times in days in `time_system`.
    pub time: Vec<f64>,
    /// Flux in the file's unit: electrons per second, or relative.
    pub flux: Vec<f64>,
    /// One-sigma errors in the unit of `flux`; `None` where the file has none.
    pub flux_err: Option<Vec<f64>>,
    /// Quality flags already reduced to one bit a cadence, true where the cadence is bad; `None` where the file has none.
    pub flagged: Option<Vec<bool>>,
    pub time_system: TimeSystem,
    /// Exposure time of a cadence in days, where the file says.
    pub exposure_time: Option<f64>,
    /// Photometric band or instrument, where the file says.
    pub band: Option<String>,
    /// Which of several products of the same photons is to be preferred, higher first (see `io::read`).
    pub preference: u8,
    /// As long as `time`; `None` where the file has none.
    pub centroid: Option<Centroid>,
    /// Times, as of `time`, when the spacecraft dumped momentum; empty where the file does not say.
    pub momentum_dumps: Vec<f64>,
}

/// All segments of one target, and what the files say of its star.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTarget {
    pub target_id: String,
    pub segments: Vec<RawSegment>,
    pub star: Star,
}
