//! What a user may say about the files to be read.

use serde::{Deserialize, Serialize};

use super::quality::QualityMask;

/// How to read light curves. The default reads every format named in [`crate::io`] without help.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadConfig {
    /// Names of columns, for files whose names say too little.
    pub columns: ColumnMap,
    /// Of several fluxes in a file, the corrected or the raw one.
    pub flux_column: FluxColumn,
    /// Which quality flags make a cadence bad.
    pub quality: QualityMask,
    /// Of several apertures in a file, the best or all (each then a target of its own).
    pub apertures: Apertures,
    /// What to add to the times (days) to get BJD_TDB, for files that do not say; overrides those that do.
    pub time_offset: Option<f64>,
    /// Unit of the time column.
    pub time_unit: TimeUnit,
    /// Added to every flux: 1 for a file that holds flux − 1.
    pub flux_offset: f64,
    /// Whether the flux column holds fluxes or magnitudes.
    pub flux_unit: FluxUnit,
    /// Take all inputs as this one target.
    pub target_id: Option<String>,
    /// Photometric band or instrument of files that do not name one.
    pub band: Option<String>,
}

/// Column names, compared without regard to case; `None` lets the reader find the column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnMap {
    /// Time, in the unit of [`ReadConfig::time_unit`].
    pub time: Option<String>,
    /// Flux, in any linear unit, or magnitude.
    pub flux: Option<String>,
    /// One-sigma error of the flux, in its unit.
    pub flux_err: Option<String>,
    /// Integer quality flags, or a mask that is zero for good cadences.
    pub quality: Option<String>,
    /// Photometric band or instrument: rows are grouped into segments by it.
    pub band: Option<String>,
    /// Target: rows are grouped into targets by it (Parquet).
    pub target: Option<String>,
}

/// Which of several fluxes in a file to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FluxColumn {
    /// Corrected for systematics: PDCSAP_FLUX, KSPSAP_FLUX, FCOR, cal_aper_flux.
    #[default]
    Pdcsap,
    /// As measured in the aperture: SAP_FLUX, FRAW.
    Sap,
}

/// Which of several apertures in a file to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apertures {
    /// The one that the pipeline calls best.
    #[default]
    Best,
    /// Every one, each as a target of its own with the aperture's name behind its id.
    All,
}

/// Unit of the time column of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    #[default]
    Days,
    Hours,
    Seconds,
}

impl TimeUnit {
    /// Days in one of this unit.
    pub(super) fn in_days(self) -> f64 {
        match self {
            Self::Days => 1.0,
            Self::Hours => 1.0 / 24.0,
            Self::Seconds => 1.0 / 86_400.0,
        }
    }
}

/// What the flux column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FluxUnit {
    /// Magnitudes where the column's name says so (`mag`, `delta_mag`), else flux.
    #[default]
    Auto,
    Flux,
    Magnitude,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_round_trip_and_unknown_keys() {
        let config: ReadConfig =
            toml::from_str("quality = 175\ntime_offset = 2457000.0\n[columns]\nflux = \"f\"\n").unwrap();
        assert_eq!(config.quality, QualityMask::Bits(175));
        assert_eq!(config.columns.flux.as_deref(), Some("f"));
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<ReadConfig>(&text).unwrap(), config);
        assert_eq!(
            toml::from_str::<ReadConfig>(&toml::to_string(&ReadConfig::default()).unwrap()).unwrap(),
            ReadConfig::default()
        );
        assert!(toml::from_str::<ReadConfig>("fluxcolumn = \"sap\"").is_err());
    }
}
