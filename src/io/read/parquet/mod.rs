//! Collections of light curves in Parquet: our own datasets and the layouts of others.
//!
//! ```text
//! a row a light curve   target_id, time: list, flux: list, …
//! a row a cadence       target_id, time, flux, …
//! nested                target_id, lightcurve: struct<time: list, flux: list, …> or list<struct<time, flux, …>>
//! ```

mod arrays;
mod layout;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::PageIndexPolicy;
use arrow::array::RecordBatch;

use super::config::ReadConfig;
use super::draft::{Draft, PREFERENCE_PLAIN};
use super::error::{InputError, ReadError};
use super::names::{file_stem, target_name};
use super::quality::FlagSystem;
use super::target::PartRead;
use super::time_scale::time_system;
use crate::io::dataset;
use crate::io::truth::is_truth;
use crate::lightcurve::RawSegment;
use crate::star::Star;
use arrays::{Words, lists, numbers, strings};
use layout::{Layout, Shape, layout};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 64;
const BATCH_CADENCES: usize = 65_536;

/// The rows of a target in a Parquet file.
#[derive(Clone)]
pub(super) struct ParquetPart {
    metadata: ArrowReaderMetadata,
    layout: Layout,
    rows: Vec<Range<usize>>,
}

impl std::fmt::Debug for ParquetPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetPart").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The decoder is not ours and damaged files may make it panic; that must cost one file, not the run.
fn guarded<T>(decode: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(ParquetError::General("the file is damaged: decoding it failed".into()).into()))
}

type Targets = (Vec<(Option<String>, ParquetPart)>, Vec<InputError>);

/// The targets of a file with their rows, and rows that name none.
pub(super) fn targets(path: &Path, config: &ReadConfig) -> Result<Targets, ReadError> {
    guarded(|| {
        // Offsets of pages, where the file has them, let one target be read without its neighbours.
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&File::open(path)?, options)?;
        if is_truth(metadata.schema()) {
            return Ok((vec![], vec![]));
        }
        let layout = layout(metadata.schema(), config)?;
        let rows = usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        if rows == 0 {
            return Err(ReadError::NoCadences { rows });
        }
        let part = |rows: Vec<Range<usize>>| ParquetPart { metadata: metadata.clone(), layout: layout.clone(), rows };
        let source = path.display().to_string();
        let Some(column) = layout.target else {
            let whole = 0..rows;
            let found = match layout.shape {
                Shape::Cadences | Shape::Dataset => vec![(None, part(vec![whole]))],
                _ if rows == 1 => vec![(None, part(vec![whole]))],
                _ => whole
                    .map(|row| {
                        (
                            Some(format!("{}#{row}", file_stem(path))),
                            part(Vec::from([Range { start: row, end: row + 1 }])),
                        )
                    })
                    .collect(),
            };
            return Ok((found, vec![]));
        };
        let field = layout.names[column].clone();
        let mut by_target: BTreeMap<String, Vec<Range<usize>>> = BTreeMap::new();
        let mut errors = Vec::new();
        let mut row = 0;
        for batch in reader(path, &part(vec![]), &[column], BATCH_CADENCES)? {
            let names = strings(batch?.column(0), &field)?;
            for name in names {
                match name {
                    Some(name) => {
                        // A dataset's names are ours and come back as they went in.
                        let name = match layout.shape {
                            Shape::Dataset => name,
                            _ => target_name(&field, &name),
                        };
                        let rows = match by_target.get_mut(&name) {
                            Some(rows) => rows,
                            None => by_target.entry(name).or_default(),
                        };
                        match rows.last_mut().filter(|last| last.end == row) {
                            Some(last) => last.end = row + 1,
                            None => rows.push(row..row + 1),
                        }
                    }
                    None => errors.push(InputError::new(
                        format!("{source}#{row}"),
                        None,
                        ReadError::NullRow { column: field.clone() },
                    )),
                }
                row += 1;
            }
        }
        let found = by_target.into_iter().map(|(target, rows)| (Some(target), part(rows))).collect();
        Ok((found, errors))
    })
}

/// Batches of some columns; of the rows of the part, where it names any.
fn reader(
    path: &Path,
    part: &ParquetPart,
    columns: &[usize],
    batch: usize,
) -> Result<::parquet::arrow::arrow_reader::ParquetRecordBatchReader, ReadError> {
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, part.metadata.clone());
    let mask = ProjectionMask::roots(part.metadata.parquet_schema(), columns.iter().copied());
    let total = usize::try_from(part.metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    let builder = builder.with_projection(mask).with_batch_size(batch);
    let builder = match part.rows.is_empty() {
        true => builder,
        false => {
            let selection = RowSelection::from_consecutive_ranges(part.rows.iter().cloned(), total);
            builder.with_row_selection(selection)
        }
    };
    Ok(builder.build()?)
}

/// Reads the light curves of a target.
pub(super) fn read(
    path: &Path,
    part: &ParquetPart,
    target_id: &str,
    config: &ReadConfig,
) -> Result<PartRead, ReadError> {
    guarded(|| match part.layout.shape {
        Shape::Dataset => read_dataset(path, part),
        Shape::Cadences => read_cadences(path, part, target_id, config),
        Shape::Lists | Shape::Nested(_) => read_rows(path, part, target_id, config),
    })
}

fn read_dataset(path: &Path, part: &ParquetPart) -> Result<PartRead, ReadError> {
    let all: Vec<usize> = (0..part.layout.names.len()).collect();
    let mut found = Vec::new();
    for batch in reader(path, part, &all, BATCH_ROWS)? {
        found.extend(dataset::segments_of_batch(&batch?)?.into_iter().map(|row| (row.segment, row.star)));
    }
    Ok((found, vec![]))
}

/// One light curve's columns before bands are told apart.
struct Curve {
    label: String,
    source: String,
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Option<Vec<f64>>,
    quality: Option<Vec<f64>>,
    band: Words,
}

fn read_rows(path: &Path, part: &ParquetPart, target_id: &str, config: &ReadConfig) -> Result<PartRead, ReadError> {
    let layout = &part.layout;
    let mut rows = part.rows.iter().cloned().flatten();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for batch in reader(path, part, &layout.columns(), BATCH_ROWS)? {
        let batch = layout.flatten(&batch?)?;
        let column = |index: usize| lists(batch.column(index), batch.schema().field(index).name());
        let roles = layout.roles_in(&batch)?;
        let (time, flux) = (column(roles.time)?, column(roles.flux)?);
        let flux_err = roles.flux_err.map(column).transpose()?;
        let quality = roles.quality.map(column).transpose()?;
        for row in 0..batch.num_rows() {
            let number = rows.next().unwrap_or(row);
            let source = format!("{}#{number}", path.display());
            let name = |index: usize| batch.schema().field(index).name().clone();
            let need =
                |values: Option<Vec<f64>>, index: usize| values.ok_or(ReadError::NullRow { column: name(index) });
            let curve = need(time.row(row), roles.time).and_then(|time| {
                Ok(Curve {
                    label: layout.label(&batch, row).unwrap_or_else(|| number.to_string()),
                    source: source.clone(),
                    time,
                    flux: need(flux.row(row), roles.flux)?,
                    flux_err: flux_err.as_ref().and_then(|c| c.row(row)),
                    quality: quality.as_ref().and_then(|c| c.row(row)),
                    band: layout.band(&batch, row)?,
                })
            });
            match curve.and_then(|curve| segments(curve, layout, config)) {
                Ok(segments) => found.extend(segments.into_iter().map(|s| (s, Star::default()))),
                Err(error) => errors.push(InputError::new(source, Some(target_id), error)),
            }
        }
    }
    Ok((found, errors))
}

fn read_cadences(path: &Path, part: &ParquetPart, target_id: &str, config: &ReadConfig) -> Result<PartRead, ReadError> {
    let layout = &part.layout;
    // Cadences of one quarter or sector are one light curve, in the order in which they first appear.
    let mut curves: Vec<Curve> = Vec::new();
    for batch in reader(path, part, &layout.columns(), BATCH_CADENCES)? {
        let batch: RecordBatch = batch?;
        let roles = layout.roles_in(&batch)?;
        let column = |index: usize| numbers(batch.column(index), batch.schema().field(index).name());
        let (time, flux) = (column(roles.time)?, column(roles.flux)?);
        let flux_err = roles.flux_err.map(column).transpose()?;
        let quality = roles.quality.map(column).transpose()?;
        let bands = layout.bands(&batch)?;
        for row in 0..batch.num_rows() {
            let label = layout.label(&batch, row).unwrap_or_else(|| file_stem(path));
            let at = match curves.iter().rposition(|c| c.label == label) {
                Some(at) => at,
                None => {
                    curves.push(Curve {
                        label,
                        source: path.display().to_string(),
                        time: vec![],
                        flux: vec![],
                        flux_err: flux_err.is_some().then(Vec::new),
                        quality: quality.is_some().then(Vec::new),
                        band: bands.as_ref().map_or(Words::None, |_| Words::Many(vec![])),
                    });
                    curves.len() - 1
                }
            };
            let curve = &mut curves[at];
            curve.time.push(time[row]);
            curve.flux.push(flux[row]);
            for (out, values) in [(&mut curve.flux_err, &flux_err), (&mut curve.quality, &quality)] {
                if let (Some(out), Some(values)) = (out.as_mut(), values) {
                    out.push(values[row]);
                }
            }
            if let (Words::Many(out), Some(values)) = (&mut curve.band, &bands) {
                out.push(values[row].clone().unwrap_or_default());
            }
        }
    }
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for curve in curves {
        let source = curve.source.clone();
        match segments(curve, layout, config) {
            Ok(segments) => found.extend(segments.into_iter().map(|s| (s, Star::default()))),
            Err(error) => errors.push(InputError::new(source, Some(target_id), error)),
        }
    }
    Ok((found, errors))
}

/// A light curve as segments, one a band.
fn segments(curve: Curve, layout: &Layout, config: &ReadConfig) -> Result<Vec<RawSegment>, ReadError> {
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
                time_system: system,
                exposure_time: None,
                band: band.filter(|b| !b.is_empty()),
                preference: PREFERENCE_PLAIN,
                magnitudes: layout.magnitudes,
            }
            .finish(config)
        })
        .collect()
}

/// A column as an inspection shows it.
pub(in crate::io) struct ParquetColumn {
    pub(in crate::io) name: String,
    pub(in crate::io) unit: String,
    pub(in crate::io) kind: String,
    pub(in crate::io) rows: usize,
    /// Values of the first rows, lists one after the other; `None` where they are no numbers.
    pub(in crate::io) values: Option<Vec<f64>>,
}

/// Rows that an inspection looks at: enough to see what is there without reading a collection of millions.
const INSPECTED_ROWS: usize = 100_000;
const INSPECTED_VALUES: usize = 5_000_000;

/// The number of rows of a file, and its columns.
pub(in crate::io) fn all_columns(path: &Path) -> Result<(usize, Vec<ParquetColumn>), ReadError> {
    guarded(|| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mut columns: Vec<ParquetColumn> = builder
            .schema()
            .fields()
            .iter()
            .map(|f| {
                let item = arrays::item_type(f.data_type()).unwrap_or(f.data_type());
                ParquetColumn {
                    name: f.name().clone(),
                    unit: f.metadata().get("unit").cloned().unwrap_or_default(),
                    kind: f.data_type().to_string(),
                    rows: total,
                    values: arrays::is_number(item).then(Vec::new),
                }
            })
            .collect();
        let mut seen = 0;
        for batch in builder.with_batch_size(1024).with_limit(INSPECTED_ROWS).build()? {
            let batch = batch?;
            for (column, array) in columns.iter_mut().zip(batch.columns()) {
                let Some(values) = column.values.as_mut() else { continue };
                match arrays::item_type(array.data_type()) {
                    Some(_) => {
                        let lists = lists(array, &column.name)?;
                        values.extend((0..batch.num_rows()).filter_map(|row| lists.row(row)).flatten());
                    }
                    None => values.extend(numbers(array, &column.name)?),
                }
                seen = seen.max(values.len());
            }
            if seen > INSPECTED_VALUES {
                break;
            }
        }
        Ok((total, columns))
    })
}

#[cfg(test)]
mod tests;
