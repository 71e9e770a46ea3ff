//! Columns of one light curve on their way to a [`RawSegment`].

use super::config::ReadConfig;
use super::error::ReadError;
use crate::lightcurve::{Centroid, RawSegment, TimeSystem};

/// Products whose pipeline is not known.
pub(super) const PREFERENCE_PLAIN: u8 = 100;

/// One light curve in a file's own units.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) label: String,
    pub(super) source: String,
    pub(super) time: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) flux_err: Option<Vec<f64>>,
    pub(super) flagged: Option<Vec<bool>>,
    pub(super) time_system: TimeSystem,
    pub(super) exposure_time: Option<f64>,
    pub(super) band: Option<String>,
    pub(super) preference: u8,
    pub(super) magnitudes: bool,
    pub(super) centroid: Option<Centroid>,
    /// In the unit of `time`.
    pub(super) momentum_dumps: Vec<f64>,
}

impl Draft {
    /// Brings units to days and fluxes, infinities to NaN. Fails where no cadence has both a time and a flux.
    ///
    /// Magnitudes m become 10^(−0.4 (m − median m)), their errors ln 10 / 2.5 · flux · error.
    pub(super) fn finish(mut self, config: &ReadConfig) -> Result<RawSegment, ReadError> {
        let rows = self.time.len();
        for (column, length) in [
            ("flux", Some(self.flux.len())),
            ("flux_err", self.flux_err.as_ref().map(Vec::len)),
            ("quality", self.flagged.as_ref().map(Vec::len)),
            ("centroid column", self.centroid.as_ref().map(Centroid::len)),
            ("centroid row", self.centroid.as_ref().map(|c| c.row.len())),
        ] {
            if let Some(found) = length.filter(|l| *l != rows) {
                return Err(ReadError::ColumnLength { column: column.into(), found, expected: rows });
            }
        }
        let days = config.time_unit.in_days();
        for t in self.time.iter_mut().chain(&mut self.momentum_dumps) {
            *t = finite_or_nan(*t * days);
        }
        let columns = std::iter::once(&mut self.flux).chain(self.flux_err.as_mut());
        for value in columns.flatten() {
            *value = finite_or_nan(*value);
        }
        if !self.time.iter().zip(&self.flux).any(|(t, f)| t.is_finite() && f.is_finite()) {
            return Err(ReadError::NoCadences { rows });
        }
        if self.magnitudes {
            let known: Vec<f64> = self.flux.iter().copied().filter(|m| m.is_finite()).collect();
            let reference = crate::math::median(&known);
            for m in &mut self.flux {
                *m = 10f64.powf(-0.4 * (*m - reference));
            }
            for (err, flux) in self.flux_err.iter_mut().flatten().zip(&self.flux) {
                *err *= std::f64::consts::LN_10 / 2.5 * flux;
            }
        }
        if config.flux_offset != 0.0 {
            for value in &mut self.flux {
                *value += config.flux_offset;
            }
        }
        Ok(RawSegment {
            label: self.label,
            source: self.source,
            time: self.time,
            flux: self.flux,
            flux_err: self.flux_err,
            flagged: self.flagged,
            time_system: config.time_offset.map_or(self.time_system, TimeSystem::with_offset),
            exposure_time: self.exposure_time.filter(|e| e.is_finite() && *e > 0.0),
            band: self.band.or_else(|| config.band.clone()),
            preference: self.preference,
            centroid: self.centroid,
            momentum_dumps: self.momentum_dumps,
        })
    }
}

fn finite_or_nan(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read::TimeUnit;

    fn draft() -> Draft {
        Draft {
            label: "a".into(),
            source: "a.csv".into(),
            time: vec![0.0, 24.0, f64::INFINITY],
            flux: vec![10.0, 10.5, 9.0],
            flux_err: Some(vec![0.01; 3]),
            flagged: None,
            time_system: TimeSystem::UNKNOWN,
            exposure_time: None,
            band: None,
            preference: PREFERENCE_PLAIN,
            magnitudes: true,
            ..Draft::default()
        }
    }

    #[test]
    fn magnitudes_and_hours() {
        let config = ReadConfig { time_unit: TimeUnit::Hours, time_offset: Some(2_457_000.0), ..ReadConfig::default() };
        let segment = draft().finish(&config).unwrap();
        assert_eq!(segment.time[1], 1.0);
        assert!(segment.time[2].is_nan());
        assert_eq!(segment.time_system, TimeSystem::BTJD);
        // Half a magnitude fainter than the median of 10: 10^-0.2.
        assert!((segment.flux[1] - 0.630_957_344).abs() < 1e-8);
        assert!((segment.flux_err.unwrap()[0] - 0.009_210_34).abs() < 1e-8);
    }

    #[test]
    fn nothing_to_use() {
        let nan = Draft { flux: vec![f64::NAN; 3], ..draft() };
        assert!(matches!(nan.finish(&ReadConfig::default()), Err(ReadError::NoCadences { rows: 3 })));
        let short = Draft { flux: vec![1.0; 2], ..draft() };
        assert!(matches!(short.finish(&ReadConfig::default()), Err(ReadError::ColumnLength { found: 2, .. })));
    }
}
