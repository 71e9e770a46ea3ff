//! What is in a file of light curves, and what is wrong with it, column by column.

mod column;
mod curve;
mod display;
mod tables;

use std::path::{Path, PathBuf};

pub use column::{ColumnContent, ColumnReport};
pub use curve::{CurveReport, ErrorColumn};
pub use tables::TableReport;

use super::read::{InputError, ReadConfig, read_target, scan};

/// Light curves of one file that are looked at one by one.
const MAX_CURVES: usize = 20;

/// What was found in one file. Its `Display` is a readable table.
#[derive(Debug)]
pub struct FileReport {
    pub path: PathBuf,
    /// FITS, Parquet, NumPy or text.
    pub format: &'static str,
    /// Every table with every column, as stored.
    pub tables: Vec<TableReport>,
    /// Light curves as they would be read, twenty at most.
    pub curves: Vec<CurveReport>,
    /// Targets in the file.
    pub targets_total: usize,
    /// What would not be read, with reasons.
    pub errors: Vec<InputError>,
}

impl FileReport {
    /// Everything that looks wrong, one sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.curves.iter().flat_map(|curve| curve.warnings.iter().map(String::as_str))
    }
}

/// Looks at all inputs (files, folders, globs), one report a file, sorted by path; and what matched nothing.
pub fn inspect(inputs: &[String], config: &ReadConfig) -> (Vec<FileReport>, Vec<InputError>) {
    let (paths, errors) = super::read::inputs::expand(inputs);
    (paths.iter().map(|path| inspect_file(path, config)).collect(), errors)
}

/// Looks at one file.
pub fn inspect_file(path: &Path, config: &ReadConfig) -> FileReport {
    let source = path.display().to_string();
    let (format, tables, mut errors) = match tables::tables(path) {
        Ok((format, tables)) => (format, tables, vec![]),
        Err(error) => ("unknown", vec![], vec![InputError { source: source.clone(), target_id: None, error }]),
    };
    let mut curves = Vec::new();
    let mut targets_total = 0;
    if errors.is_empty() {
        let scan = scan(&[source], config);
        targets_total = scan.targets.len();
        errors.extend(scan.errors);
        for target in scan.targets.iter().take(MAX_CURVES) {
            let read = read_target(target, config);
            errors.extend(read.errors);
            if let Some(target) = read.target {
                curves.extend(target.segments.iter().map(|s| CurveReport::new(&target.target_id, s)));
            }
        }
        curves.truncate(MAX_CURVES);
    }
    FileReport { path: path.to_path_buf(), format, tables, curves, targets_total, errors }
}

#[cfg(test)]
mod tests;
