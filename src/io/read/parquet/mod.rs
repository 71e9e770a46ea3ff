//! Collections of light curves in Parquet: our own datasets and the layouts of others.
//!
//! ```text
//! a row a light curve   target_id, time: list, flux: list, …
//! a row a cadence       target_id, time, flux, …
//! nested                target_id, lightcurve: struct<time: list, flux: list, …> or list<struct<time, flux, …>>
//! ```

mod arrays;
mod batches;
mod inspect;
mod layout;
mod rows;
mod segments;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::PageIndexPolicy;

pub(in crate::io) use inspect::all_columns;
pub(super) use rows::{Wanted, read};

use super::config::ReadConfig;
use super::contents::{Columns, Contents};
use super::error::{InputError, ReadError};
use super::inputs::InputFile;
use super::names::{file_stem, target_name};
use super::remote::Object;
use super::source::Source;
use crate::io::truth::is_truth;
use arrays::strings;
use batches::{Batches, byte_ranges};
use layout::{Layout, Shape, folder_label, layout};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8;
const BATCH_CADENCES: usize = 65_536;

/// A Parquet file of light curves whose footer has been read.
pub(super) struct ParquetFile {
    path: PathBuf,
    /// As in [`super::InputFile`].
    checksum: String,
    bytes: u64,
    /// Where it is no file: what to ask for more of it.
    remote: Option<Object>,
    metadata: ArrowReaderMetadata,
    layout: Layout,
    /// Label of light curves whose rows name none.
    label: Option<String>,
    /// First row of each row group, and the number of all rows.
    starts: Vec<usize>,
}

/// The decoder is not ours and damaged files may make it panic; that must cost one file, not the run.
fn guarded<T>(decode: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(ParquetError::General("the file is damaged: decoding it failed".into()).into()))
}

/// Where the rows of a target are told: its name, if the file has one, and rows one after the other.
pub(super) type Told<'a> = dyn FnMut(Option<String>, Range<usize>) -> Result<(), ReadError> + 'a;

impl ParquetFile {
    /// Reads the footer; `None` for the truth table of a simulated collection, which is no light curve and no error.
    pub(super) fn open(mut source: Source, path: &Path, config: &ReadConfig) -> Result<Option<Self>, ReadError> {
        guarded(|| {
            let length = source.size()?;
            let checksum = source.parquet_checksum()?;
            // Offsets of pages, where the file has them, let one target be read without its neighbours.
            let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
            let metadata = match ArrowReaderMetadata::load(&source, options) {
                Ok(metadata) => metadata,
                Err(error) => return Err(source.failure().unwrap_or_else(|| error.into())),
            };
            if is_truth(metadata.schema()) {
                return Ok(None);
            }
            let layout = layout(metadata.schema(), config)?;
            let mut starts = vec![0];
            for group in metadata.metadata().row_groups() {
                let rows = usize::try_from(group.num_rows()).unwrap_or(0);
                starts.push(starts.last().copied().unwrap_or(0) + rows);
            }
            let label = folder_label(path);
            let remote = match source {
                Source::File(_) => None,
                Source::Remote(object) => Some(object.with_ranges(vec![])),
            };
            let path = path.to_path_buf();
            let file = Self { path, checksum, bytes: length, remote, metadata, layout, label, starts };
            if file.rows() == 0 {
                return Err(ReadError::NoCadences { rows: 0 });
            }
            Ok(Some(file))
        })
    }

    /// Whether this is the file that was looked at.
    pub(super) fn is(&self, file: &InputFile) -> bool {
        self.path == file.path && self.checksum == file.checksum
    }

    fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Row group of a row.
    fn group_of(&self, row: usize) -> usize {
        self.starts.partition_point(|start| *start <= row).saturating_sub(1)
    }

    /// About how many bytes the light curves of these rows take in memory.
    pub(super) fn weight(&self, rows: &Range<usize>) -> u64 {
        let group = self.metadata.metadata().row_group(self.group_of(rows.start));
        let bytes = u64::try_from(group.total_byte_size()).unwrap_or(0);
        bytes / u64::try_from(group.num_rows()).unwrap_or(1).max(1) * rows.len() as u64
    }

    /// Rows that are best read together with those of the same number: those of a row group, where its pages have no
    /// index and can only be read from its beginning. `None` where rows can be reached one by one.
    pub(super) fn read_with(&self, rows: &Range<usize>) -> Option<usize> {
        let group = self.group_of(rows.start);
        let columns = self.metadata.metadata().row_group(group).columns();
        let indexed = columns.iter().all(|column| column.offset_index_offset().is_some());
        (!indexed).then_some(group)
    }

    /// Tells the targets with their rows; gives back the rows that name none. Rows of a target that follow each other are
    /// told together.
    pub(super) fn targets(&self, contents: &mut Contents, tell: &mut Told) -> Result<Vec<InputError>, ReadError> {
        let named = self.label.as_deref().unwrap_or_default();
        let Some(column) = self.layout.target else {
            let rows = self.rows();
            let is_one = self.layout.shape == Shape::Cadences;
            contents.light_curves(named, if is_one { 1 } else { rows as u64 });
            match self.layout.shape {
                Shape::Cadences | Shape::Dataset => tell(None, 0..rows)?,
                _ if rows == 1 => tell(None, 0..1)?,
                _ => {
                    let stem = file_stem(&self.path);
                    (0..rows).try_for_each(|row| tell(Some(format!("{stem}#{row}")), row..row + 1))?;
                }
            }
            return Ok(vec![]);
        };
        let field = &self.layout.names[column];
        let source = self.path.display().to_string();
        let mut errors = Vec::new();
        let mut last: Option<(String, Range<usize>)> = None;
        let mut row = 0;
        let label = self.layout.label_column().filter(|label| *label != column);
        let mut columns: Vec<usize> = [Some(column), label].into_iter().flatten().collect();
        columns.sort_unstable();
        let at = |wanted: usize| columns.iter().position(|c| *c == wanted);
        let mut before: Option<(Option<String>, Option<String>)> = None;
        for batch in self.reader(&columns, BATCH_CADENCES, &[Range { start: 0, end: self.rows() }])? {
            let batch = batch?;
            let labels = match label.and_then(at) {
                Some(at) => self.layout.labels(batch.column(at))?,
                None => vec![None; batch.num_rows()],
            };
            for (name, label) in strings(batch.column(at(column).unwrap_or(0)), field)?.into_iter().zip(labels) {
                let own = (name.clone(), label);
                if before.as_ref() != Some(&own) {
                    contents.light_curves(own.1.as_deref().unwrap_or(named), 1);
                    before = Some(own);
                }
                let name = match self.layout.shape {
                    // A dataset's names are ours and come back as they went in.
                    Shape::Dataset => name,
                    _ => name.map(|name| target_name(field, &name)),
                };
                match (&mut last, name) {
                    (Some((told, rows)), Some(name)) if *told == name => rows.end = row + 1,
                    (_, name) => {
                        if name.is_none() {
                            let null = ReadError::NullRow { column: field.clone() };
                            errors.push(InputError::new(format!("{source}#{row}"), None, null));
                        }
                        let next = name.map(|name| (name, row..row + 1));
                        if let Some((name, rows)) = std::mem::replace(&mut last, next) {
                            tell(Some(name), rows)?;
                        }
                    }
                }
                row += 1;
            }
        }
        if let Some((name, rows)) = last {
            tell(Some(name), rows)?;
        }
        if row != self.rows() {
            return Err(ReadError::RowsMissing { expected: self.rows(), found: row });
        }
        Ok(errors)
    }

    /// Which columns have values.
    pub(super) fn columns(&self) -> Columns {
        let groups = self.metadata.metadata().row_groups();
        let has_values = |name: &str| {
            let chunks = groups.iter().flat_map(|group| group.columns());
            let own = chunks.filter(|chunk| chunk.column_path().parts().first().is_some_and(|part| part == name));
            // A list that is null counts as one value.
            let is_empty = |nulls: Option<u64>, values: i64| nulls.and_then(|n| i64::try_from(n).ok()) == Some(values);
            own.into_iter()
                .any(|chunk| !is_empty(chunk.statistics().and_then(|s| s.null_count_opt()), chunk.num_values()))
        };
        match self.layout.shape {
            Shape::Dataset => Columns {
                flux_err: has_values("flux_err"),
                quality: has_values("flagged"),
                centroid: has_values("centroid_column"),
            },
            _ => self.layout.kinds(),
        }
    }

    /// Batches of some columns of these rows, which must be in order.
    fn reader(&self, columns: &[usize], batch: usize, rows: &[Range<usize>]) -> Result<Batches, ReadError> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        // Row groups without any of the rows are not so much as looked at.
        let mut groups: Vec<usize> = Vec::new();
        let mut within: Vec<Range<usize>> = Vec::new();
        let mut before = 0;
        for range in rows {
            let mut start = range.start;
            while start < range.end {
                let group = self.group_of(start);
                let (first, end) = (self.starts[group], self.starts[group + 1]);
                if groups.last() != Some(&group) {
                    before += groups.last().map_or(0, |g| self.starts[g + 1] - self.starts[*g]);
                    groups.push(group);
                }
                let stop = range.end.min(end);
                within.push(before + start - first..before + stop - first);
                start = stop;
            }
        }
        let total = before + groups.last().map_or(0, |g| self.starts[g + 1] - self.starts[*g]);
        let source = match &self.remote {
            Some(object) => Source::Remote(object.with_ranges(byte_ranges(&self.metadata, &mask, &groups, &within))),
            None => Source::open(&self.path)?,
        };
        if source.size()? != self.bytes {
            return Err(ReadError::Changed);
        }
        let remote = match &source {
            Source::File(_) => None,
            Source::Remote(object) => Some(object.clone()),
        };
        let selection = RowSelection::from_consecutive_ranges(within.into_iter(), total);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone());
        let builder = builder.with_projection(mask).with_batch_size(batch).with_row_groups(groups);
        let reader = builder.with_row_selection(selection).build()?;
        Ok(Batches { reader, remote })
    }
}

#[cfg(test)]
mod tests;
