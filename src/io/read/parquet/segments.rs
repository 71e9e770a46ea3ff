//! One light curve's columns to segments, one a band.

use super::arrays::Words;
use super::layout::Layout;
use crate::io::read::config::ReadConfig;
use crate::io::read::draft::{Draft, PREFERENCE_PLAIN};
use crate::io::read::error::ReadError;
use crate::io::read::quality::FlagSystem;
use crate::io::read::time_scale::time_system;
use crate::lightcurve::{Centroid, RawSegment};

/// One light curve's columns before bands are told apart.
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) source: String,
    pub(super) time: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) flux_err: Option<Vec<f64>>,
    pub(super) quality: Option<Vec<f64>>,
    pub(super) centroid: Option<Centroid>,
    pub(super) band: Words,
}

/// A light curve as segments, one a band.
pub(super) fn segments(curve: Curve, layout: &Layout, config: &ReadConfig) -> Result<Vec<RawSegment>, ReadError> {
    let rows = curve.time.len();
    let bands: Vec<Option<String>> = match &curve.band {
        Words::None => vec![None],
        Words::One(band) => vec![Some(band.clone())],
        Words::Many(words) => {
            if words.len() != rows {
                return Err(ReadError::ColumnLength { column: "band".into(), found: words.len(), expected: rows });
            }
            let mut distinct: Vec<String> = Vec::new();
            for word in words {
                if !distinct.contains(word) {
                    distinct.push(word.clone());
                }
            }
            distinct.into_iter().map(Some).collect()
        }
    };
    let system = time_system(&curve.time, &[&layout.time_unit, &layout.time_name]);
    let several = bands.len() > 1;
    let pick = |values: &[f64], band: &Option<String>| -> Vec<f64> {
        match (&curve.band, band) {
            (Words::Many(words), Some(band)) if several && values.len() == words.len() => {
                values.iter().zip(words).filter(|(_, w)| *w == band).map(|(v, _)| *v).collect()
            }
            _ => values.to_vec(),
        }
    };
    bands
        .into_iter()
        .map(|band| {
            Draft {
                label: match &band {
                    Some(band) if several => format!("{} {band}", curve.label),
                    _ => curve.label.clone(),
                },
                source: curve.source.clone(),
                time: pick(&curve.time, &band),
                flux: pick(&curve.flux, &band),
                flux_err: curve.flux_err.as_deref().map(|v| pick(v, &band)),
                flagged: curve.quality.as_deref().map(|v| config.quality.apply(&pick(v, &band), FlagSystem::Unknown)),
                centroid: curve
                    .centroid
                    .as_ref()
                    .map(|c| Centroid { column: pick(&c.column, &band), row: pick(&c.row, &band) }),
                time_system: system,
                exposure_time: None,
                band: band.filter(|b| !b.is_empty()),
                preference: PREFERENCE_PLAIN,
                magnitudes: layout.magnitudes,
                ..Draft::default()
            }
            .finish(config)
        })
        .collect()
}
