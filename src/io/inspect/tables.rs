//! The tables of a file with all their columns.

use std::path::Path;

use super::column::ColumnReport;
use crate::io::read::inputs::{Format, content};
use crate::io::read::{ReadError, fits, npz, parquet, tables as fits_tables, text};

/// One table of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TableReport {
    /// Extension name, or empty.
    pub name: String,
    pub rows: usize,
    pub columns: Vec<ColumnReport>,
}

/// Format and tables of a file.
pub(super) fn tables(path: &Path) -> Result<(&'static str, Vec<TableReport>), ReadError> {
    let content = content(path)?;
    Ok(match content.format {
        Format::Fits => {
            let hdus = fits::hdus(&content.bytes)?;
            let tables = fits_tables(&content.bytes, &hdus)?;
            ("FITS", tables.iter().map(fits_table).collect())
        }
        Format::Text => {
            let text = content.text();
            let layout = text::layout(&text)?;
            let columns = text::all_columns(&text, &layout);
            let rows = columns.first().map_or(0, |c| c.values.len());
            let columns = columns
                .iter()
                .map(|c| match c.words > 0 && c.words >= c.values.len() / 2 {
                    true => ColumnReport::other(&c.name, "", c.values.len(), "words"),
                    false => ColumnReport::numbers(&c.name, "", &c.values),
                })
                .collect();
            ("text", vec![TableReport { name: String::new(), rows, columns }])
        }
        Format::Numpy => {
            let arrays = npz::arrays(&content.bytes, path)?;
            let rows = arrays.iter().map(|a| a.values.len()).max().unwrap_or(0);
            let columns = arrays.iter().map(|a| ColumnReport::numbers(&a.name, "", &a.values)).collect();
            ("NumPy", vec![TableReport { name: String::new(), rows, columns }])
        }
        Format::Parquet => {
            let (rows, columns) = parquet::all_columns(path)?;
            let columns = columns
                .into_iter()
                .map(|c| match c.values {
                    Some(values) => ColumnReport::numbers(c.name, c.unit, &values),
                    None => ColumnReport::other(c.name, c.unit, c.rows, c.kind),
                })
                .collect();
            ("Parquet", vec![TableReport { name: String::new(), rows, columns }])
        }
    })
}

fn fits_table(table: &fits::Table) -> TableReport {
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let unit = column.unit.clone().unwrap_or_default();
            match table.values(column) {
                Ok(values) => ColumnReport::numbers(&column.name, unit, &values),
                Err(error) => ColumnReport::other(&column.name, unit, table.rows, error.to_string()),
            }
        })
        .collect();
    TableReport { name: table.name.clone(), rows: table.rows, columns }
}
