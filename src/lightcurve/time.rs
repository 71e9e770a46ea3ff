//! The time system of a light curve, as the offset that leads to BJD_TDB.

/// Barycentric Julian Date (TDB) less a stated offset, or a scale that the input does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeSystem {
    offset: Option<f64>,
}

impl TimeSystem {
    /// Full BJD_TDB.
    pub const BJD: Self = Self { offset: Some(0.0) };
    /// Kepler and K2: BJD_TDB − 2454833.
    pub const BKJD: Self = Self { offset: Some(2_454_833.0) };
    /// TESS: BJD_TDB − 2457000.
    pub const BTJD: Self = Self { offset: Some(2_457_000.0) };
    /// Days from an epoch that the input does not give.
    pub const UNKNOWN: Self = Self { offset: None };

    /// BJD_TDB less `offset` days.
    pub fn with_offset(offset: f64) -> Self {
        Self { offset: Some(offset) }
    }

    /// What to add to a time to get BJD_TDB; `None` where unknown.
    pub fn offset(&self) -> Option<f64> {
        self.offset
    }

    /// Name for people: `BTJD`, `BKJD`, `BJD`, `BJD-2450000`, `unknown`.
    pub fn name(&self) -> String {
        match *self {
            Self::BJD => "BJD".into(),
            Self::BKJD => "BKJD".into(),
            Self::BTJD => "BTJD".into(),
            Self { offset: Some(offset) } => format!("BJD-{offset}"),
            Self { offset: None } => "unknown".into(),
        }
    }
}
