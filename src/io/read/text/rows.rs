//! The rows of a text table as columns of numbers.

use super::layout::{Separator, TextLayout, comment, number};
use crate::io::read::columns::{Roles, normalise};
use crate::io::read::names::target_name;
use crate::lightcurve::Centroid;

/// Rows that are not what the first rows promised.
pub(super) struct BadRows {
    pub(super) count: usize,
    /// Line of the first, counted from 1, and its beginning.
    pub(super) line: usize,
    pub(super) text: String,
}

/// The columns of a light curve as read.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) time: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) flux_err: Option<Vec<f64>>,
    pub(super) quality: Option<Vec<f64>>,
    pub(super) centroid: Option<Centroid>,
    /// Names of the bands in the order they appear, and for each row which.
    pub(super) bands: Vec<String>,
    pub(super) band_of_row: Vec<usize>,
    pub(super) bad: Option<BadRows>,
}

/// Lines of the data with their numbers, counted from 1.
fn data_lines<'a>(text: &'a str, layout: &TextLayout) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines()
        .enumerate()
        .skip(layout.skip)
        .filter(|(_, line)| !line.trim().is_empty() && comment(line).is_none())
        .map(|(index, line)| (index + 1, line))
}

/// Reads the columns in `roles`, of the rows whose `target` column names it where given.
pub(super) fn read(text: &str, layout: &TextLayout, roles: &Roles, target: Option<(usize, &str)>) -> Rows {
    let mut out = Rows {
        flux_err: roles.flux_err.map(|_| Vec::new()),
        quality: roles.quality.map(|_| Vec::new()),
        centroid: roles.centroid.map(|_| Centroid::default()),
        ..Rows::default()
    };
    let target = target.map(|(column, name)| (column, name, normalise(&layout.names[column])));
    let mut fields = Vec::new();
    for (line, content) in data_lines(text, layout) {
        layout.separator.split(content, &mut fields);
        if let Some((column, name, field)) = &target
            && fields.get(*column).is_none_or(|value| target_name(field, value) != *name)
        {
            continue;
        }
        // Empty fields at the end of a line were left out by the split; between separators they are missing values.
        let missing_is_nan = layout.separator != Separator::Blanks;
        let value = |column: usize| match fields.get(column) {
            Some(field) => number(field),
            None if missing_is_nan && fields.len() > roles.time => Some(f64::NAN),
            None => None,
        };
        let (time, flux) = (value(roles.time), value(roles.flux));
        let flux_err = roles.flux_err.map_or(Some(f64::NAN), value);
        let quality = roles.quality.map_or(Some(f64::NAN), value);
        let (Some(time), Some(flux), Some(flux_err), Some(quality)) = (time, flux, flux_err, quality) else {
            let bad =
                out.bad.get_or_insert_with(|| BadRows { count: 0, line, text: content.chars().take(60).collect() });
            bad.count += 1;
            continue;
        };
        out.time.push(time);
        out.flux.push(flux);
        if let Some(column) = out.flux_err.as_mut() {
            column.push(flux_err);
        }
        if let Some(column) = out.quality.as_mut() {
            column.push(quality);
        }
        // Nothing else hangs on a centroid, so what is no number is a missing one.
        if let (Some(centroid), Some((column, row))) = (out.centroid.as_mut(), roles.centroid) {
            centroid.column.push(value(column).unwrap_or(f64::NAN));
            centroid.row.push(value(row).unwrap_or(f64::NAN));
        }
        if let Some(column) = roles.band {
            let name = fields.get(column).copied().unwrap_or_default();
            let index = out.bands.iter().position(|b| b == name).unwrap_or_else(|| {
                out.bands.push(name.to_string());
                out.bands.len() - 1
            });
            out.band_of_row.push(index);
        }
    }
    out
}

/// The fields of one column, as text.
pub(super) fn text_column<'a>(text: &'a str, layout: &TextLayout, column: usize) -> impl Iterator<Item = &'a str> {
    let separator = layout.separator;
    data_lines(text, layout).map(move |(_, line)| {
        let mut fields = Vec::new();
        separator.split(line, &mut fields);
        fields.get(column).copied().unwrap_or_default()
    })
}

/// One column of a table as an inspection shows it.
pub(in crate::io) struct TextColumn {
    pub(in crate::io) name: String,
    /// Values, NaN where missing or not a number.
    pub(in crate::io) values: Vec<f64>,
    /// Fields that are no numbers.
    pub(in crate::io) words: usize,
}

/// Every column of a table.
pub(in crate::io) fn all_columns(text: &str, layout: &TextLayout) -> Vec<TextColumn> {
    let mut columns: Vec<TextColumn> =
        layout.names.iter().map(|name| TextColumn { name: name.clone(), values: Vec::new(), words: 0 }).collect();
    let mut fields = Vec::new();
    for (_, line) in data_lines(text, layout) {
        layout.separator.split(line, &mut fields);
        for (index, column) in columns.iter_mut().enumerate() {
            let value = fields.get(index).map_or(Some(f64::NAN), |f| number(f));
            column.words += usize::from(value.is_none());
            column.values.push(value.unwrap_or(f64::NAN));
        }
    }
    columns
}
