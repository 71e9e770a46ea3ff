//! Parts put together to the tables of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};

use super::config::RunConfig;
use super::error::RunError;
use super::manifest::Counts;
use super::store::Part;
use super::vetting::Relations;
use crate::io::table::{Column, FinishedTable, Table, TableWriter, VETTING};

/// A table and where it goes.
pub struct Destination {
    pub table: Table,
    pub columns: Vec<Column>,
    pub path: PathBuf,
}

/// Writes the rows of all parts, in their order, to one file a table; the files are whole when they come back, but still
/// under provisional names. With the configuration, rows of vetting are judged beside those of the whole run, and what
/// they came to is returned too. Memory: that
/// of one frame of a part and one row group of a table, and what [`Relations`] keep.
pub fn assemble(
    parts: &[PathBuf],
    destinations: Vec<Destination>,
    run_id: &str,
    config: Option<&RunConfig>,
) -> Result<(Vec<FinishedTable>, Option<Counts>), RunError> {
    for path in parts {
        // What is damaged would be found again and again: it goes, and the next run computes it anew.
        if let Err(error) = Part::open(path).and_then(|mut part| part.verify()) {
            if matches!(error, RunError::DamagedPart { .. }) {
                let _ = fs::remove_file(path);
            }
            return Err(error);
        }
    }
    let mut relations = match config {
        Some(config) => Relations::gather(parts, config)?,
        None => None,
    };
    let finished = destinations
        .into_iter()
        .map(|to| {
            let mut writer = TableWriter::create_file(to.path, to.table, to.columns)?;
            for path in parts {
                Part::open(path)?.read(to.table.name, |batch| {
                    let batch = match &mut relations {
                        Some(relations) if to.table == VETTING => relations
                            .apply(&batch)
                            .map_err(|reason| RunError::NotAResult { path: path.clone(), reason })?,
                        _ => batch,
                    };
                    let batch =
                        with_run_id(&batch, run_id).map_err(|source| RunError::Part { path: path.clone(), source })?;
                    Ok(writer.write(batch)?)
                })?;
            }
            Ok(writer.encode_all()?)
        })
        .collect::<Result<_, RunError>>()?;
    Ok((finished, relations.map(|r| r.counts())))
}

/// The batch with this value in its first column.
pub(super) fn with_run_id(batch: &RecordBatch, run_id: &str) -> Result<RecordBatch, arrow::error::ArrowError> {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(run_id, batch.num_rows())));
    let columns = std::iter::once(ids).chain(batch.columns().iter().skip(1).cloned()).collect();
    RecordBatch::try_new(batch.schema(), columns)
}

/// Makes renames in a folder last, where the system can.
pub fn sync_folder(dir: &Path) {
    if let Ok(dir) = fs::File::open(dir) {
        let _ = dir.sync_all();
    }
}
