//! Text tables: separated by commas, semicolons, tabs or blanks, with or without a header.

mod layout;
mod rows;

use std::path::Path;

pub(in crate::io) use layout::{TextLayout, layout};
pub(in crate::io) use rows::all_columns;

use super::columns::{Roles, normalise, roles, target_column as target_column_named};
use super::config::{FluxUnit, ReadConfig};
use super::draft::{Draft, PREFERENCE_PLAIN};
use super::error::ReadError;
use super::names::{file_stem, target_name};
use super::quality::FlagSystem;
use super::time_scale::time_system;
use crate::lightcurve::{Centroid, RawSegment};
use crate::math::median;
use crate::star::DAY_S;

/// More bands than this, and the column holds something else.
const MAX_BANDS: usize = 50;
/// A file with more than this fraction of unreadable rows is refused whole.
const MAX_BAD_FRACTION: f64 = 0.1;

/// Header fields that name the target, best first.
const TARGET_FIELDS: [&str; 12] = [
    "star_name",
    "target_id",
    "target",
    "ticid",
    "tic_id",
    "tic",
    "kepid",
    "kic",
    "epic",
    "object",
    "star",
    "object_name",
];

/// The columns to use, by name where the table has names, else by position: time, flux, error.
pub(in crate::io) fn text_roles(layout: &TextLayout, config: &ReadConfig) -> Result<Roles, ReadError> {
    let mapped = config.columns.time.is_some() || config.columns.flux.is_some();
    if layout.headed || mapped {
        // A target column that was asked for must be there.
        target_column_named(&layout.names, config)?;
        return roles(&layout.names, config);
    }
    let refuse = |missing| ReadError::NotALightCurve { missing, found: layout.describe() };
    if !layout.numeric.first().is_some_and(|n| *n) {
        return Err(refuse("time"));
    }
    if !layout.numeric.get(1).is_some_and(|n| *n) {
        return Err(refuse("flux"));
    }
    Ok(Roles {
        time: 0,
        flux: 1,
        flux_err: layout.numeric.get(2).and_then(|numeric| numeric.then_some(2)),
        quality: None,
        centroid: None,
        band: layout.numeric.iter().position(|numeric| !numeric),
        target: None,
        magnitudes: config.flux_unit == FluxUnit::Magnitude,
    })
}

/// The targets of a text table: one for a file, unless a column names several. `None` where nothing inside names one.
pub(in crate::io) fn text_targets(
    text: &str,
    layout: &TextLayout,
    roles: &Roles,
    config: &ReadConfig,
) -> Result<Vec<String>, ReadError> {
    if let Some(column) = target_column(layout, roles, config) {
        let field = normalise(&layout.names[column]);
        let mut found: Vec<String> = rows::text_column(text, layout, column)
            .map(|value| target_name(&field, value))
            .filter(|name| !name.is_empty())
            .collect();
        found.sort_unstable();
        found.dedup();
        return Ok(found);
    }
    let field = TARGET_FIELDS.iter().find_map(|wanted| layout.fields.iter().find(|(key, _)| key == wanted));
    Ok(field.map(|(key, value)| target_name(key, value)).into_iter().collect())
}

/// A column of row numbers is often called `id`, so that name alone does not make targets.
fn target_column(layout: &TextLayout, roles: &Roles, config: &ReadConfig) -> Option<usize> {
    roles.target.filter(|i| config.columns.target.is_some() || normalise(&layout.names[*i]) != "id")
}

/// Reads a text table into segments, one a band; of the rows of `target` alone where the table names targets.
///
/// The second part says which rows were left out, if any.
pub(in crate::io) fn segments(
    text: &str,
    path: &Path,
    source: &str,
    target: &str,
    config: &ReadConfig,
) -> Result<(Vec<RawSegment>, Option<ReadError>), ReadError> {
    let layout = layout(text)?;
    let roles = text_roles(&layout, config)?;
    let target_column = target_column(&layout, &roles, config);
    let table = rows::read(text, &layout, &roles, target_column.map(|column| (column, target)));
    let rows = table.time.len() + table.bad.as_ref().map_or(0, |bad| bad.count);
    let bad = table.bad.as_ref().map(|bad| ReadError::BadRows {
        bad: bad.count,
        rows,
        line: bad.line,
        text: bad.text.clone(),
    });
    if table.bad.as_ref().is_some_and(|b| b.count as f64 > MAX_BAD_FRACTION * rows as f64 && b.count > 1) {
        return Err(bad.unwrap_or(ReadError::NoCadences { rows }));
    }
    if table.time.is_empty() {
        return Err(bad.unwrap_or(ReadError::NoCadences { rows }));
    }

    let name = |index: usize| if layout.headed { layout.names[index].as_str() } else { "" };
    let date_type = layout.field("date_type").unwrap_or_default();
    let system = time_system(&table.time, &[name(roles.time), date_type]);
    let flux_err = table.flux_err.filter(|err| layout.headed || is_error(err, &table.flux));
    let flagged = table.quality.map(|q| config.quality.apply(&q, FlagSystem::Unknown));
    let stem = file_stem(path);
    let band_of_file = layout.field("filter").filter(|f| !f.is_empty()).map(str::to_string);
    let exposure_time = layout.field("exposure_time").and_then(|s| s.parse::<f64>().ok()).map(|s| s / DAY_S);

    let bands = if table.bands.len() > MAX_BANDS { vec![] } else { table.bands };
    let groups: Vec<Option<usize>> = match bands.len() {
        0 | 1 => vec![None],
        n => (0..n).map(Some).collect(),
    };
    let pick = |values: &[f64], group: Option<usize>| -> Vec<f64> {
        match group {
            None => values.to_vec(),
            Some(g) => values.iter().zip(&table.band_of_row).filter(|(_, b)| **b == g).map(|(v, _)| *v).collect(),
        }
    };
    let mut found = Vec::with_capacity(groups.len());
    let mut refusal = None;
    for group in groups {
        let band = bands.get(group.unwrap_or(0)).filter(|b| !b.is_empty()).cloned().or_else(|| band_of_file.clone());
        let draft = Draft {
            label: match (&band, group) {
                (Some(band), Some(_)) => format!("{stem} {band}"),
                _ => stem.clone(),
            },
            source: source.to_string(),
            time: pick(&table.time, group),
            flux: pick(&table.flux, group),
            flux_err: flux_err.as_deref().map(|v| pick(v, group)),
            flagged: flagged.as_ref().map(|flags| match group {
                None => flags.clone(),
                Some(g) => flags.iter().zip(&table.band_of_row).filter(|(_, b)| **b == g).map(|(f, _)| *f).collect(),
            }),
            centroid: table
                .centroid
                .as_ref()
                .map(|c| Centroid { column: pick(&c.column, group), row: pick(&c.row, group) }),
            time_system: system,
            exposure_time,
            band,
            preference: PREFERENCE_PLAIN,
            magnitudes: roles.magnitudes,
            ..Draft::default()
        };
        match draft.finish(config) {
            Ok(segment) => found.push(segment),
            Err(error) => refusal = Some(error),
        }
    }
    match (found.is_empty(), refusal) {
        (true, Some(error)) => Err(error),
        (_, refusal) => Ok((found, bad.or(refusal))),
    }
}

/// Whether the third column of a table without a header can be the error of the second. A second version of the flux
/// is no error: it has the same level, to a percent, and scatters.
fn is_error(err: &[f64], flux: &[f64]) -> bool {
    let finite = |values: &[f64]| values.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>();
    let (err, flux) = (finite(err), finite(flux));
    let (level, flux_level) = (median(&err), median(&flux));
    let constant = err.iter().all(|e| *e == err[0]);
    constant || (level - flux_level).abs() > 0.01 * flux_level.abs()
}

#[cfg(test)]
mod tests;
