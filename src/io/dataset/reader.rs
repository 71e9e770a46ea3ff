//! Rows of a dataset back to segments.

use arrow::array::{Array, AsArray, BooleanArray, Float64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, UInt8Type};

use super::schema::STAR_COLUMNS;
use super::{DatasetError, compact};
use crate::lightcurve::{Centroid, RawSegment, TimeSystem};
use crate::star::{Measured, Star};

/// One row of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentRow {
    pub target_id: String,
    pub segment: RawSegment,
    pub star: Star,
}

/// The segments of a batch of rows, as they were written.
pub fn segments_of_batch(batch: &RecordBatch) -> Result<Vec<SegmentRow>, DatasetError> {
    let target_id = strings(batch, "target_id")?;
    let label = strings(batch, "segment")?;
    let source = strings(batch, "source")?;
    let band = strings(batch, "band")?;
    let time_offset = floats(batch, "time_offset")?;
    let exposure_time = floats(batch, "exposure_time")?;
    let preference = batch.column_by_name("preference").ok_or(DatasetError::MissingColumn { column: "preference" })?;
    let preference = preference
        .as_primitive_opt::<UInt8Type>()
        .ok_or_else(|| wrong_type("preference", preference.data_type(), "UInt8"))?;
    let time = Series::of(batch, "time")?;
    let flux = Series::of(batch, "flux")?;
    let flux_err = Series::of(batch, "flux_err")?;
    let flagged = lists(batch, "flagged")?;
    // Datasets of earlier versions have no such columns.
    let optional = |column: &'static str| batch.column_by_name(column).map(|_| Series::of(batch, column)).transpose();
    let (centroid_column, centroid_row) = (optional("centroid_column")?, optional("centroid_row")?);
    let momentum_dumps = optional("momentum_dumps")?;
    let optional_values = |series: &Option<Series>, row: usize| match series {
        Some(series) => series.values(row),
        None => Ok(None),
    };
    let star: Vec<(&Float64Array, &Float64Array)> = STAR_COLUMNS
        .iter()
        .map(|(name, _, _)| {
            let err = batch
                .column_by_name(&format!("{name}_err"))
                .and_then(|a| a.as_primitive_opt::<Float64Type>())
                .ok_or(DatasetError::MissingColumn { column: name })?;
            Ok((floats(batch, name)?, err))
        })
        .collect::<Result<_, DatasetError>>()?;

    (0..batch.num_rows())
        .map(|row| {
            let measured = |i: usize| {
                let (value, err) = star[i];
                (!value.is_null(row) && !err.is_null(row))
                    .then(|| Measured { value: value.value(row), err: err.value(row) })
            };
            let segment = RawSegment {
                label: label.value(row).into(),
                source: source.value(row).into(),
                time: time.values(row)?.ok_or(DatasetError::Null { column: "time", row })?,
                flux: flux.values(row)?.ok_or(DatasetError::Null { column: "flux", row })?,
                flux_err: flux_err.values(row)?,
                flagged: flags(flagged, row)?,
                time_system: match time_offset.is_null(row) {
                    true => TimeSystem::UNKNOWN,
                    false => TimeSystem::with_offset(time_offset.value(row)),
                },
                exposure_time: (!exposure_time.is_null(row)).then(|| exposure_time.value(row)),
                band: (!band.is_null(row)).then(|| band.value(row).into()),
                preference: preference.value(row),
                centroid: match (optional_values(&centroid_column, row)?, optional_values(&centroid_row, row)?) {
                    (Some(column), Some(row)) => Some(Centroid { column, row }),
                    _ => None,
                },
                momentum_dumps: optional_values(&momentum_dumps, row)?.unwrap_or_default(),
            };
            let lengths = [
                ("flux", Some(segment.flux.len())),
                ("flux_err", segment.flux_err.as_ref().map(Vec::len)),
                ("flagged", segment.flagged.as_ref().map(Vec::len)),
                ("centroid_column", segment.centroid.as_ref().map(Centroid::len)),
                ("centroid_row", segment.centroid.as_ref().map(|c| c.row.len())),
            ];
            for (column, length) in lengths {
                if let Some(other) = length.filter(|n| *n != segment.time.len()) {
                    return Err(DatasetError::Lengths {
                        target_id: target_id.value(row).into(),
                        segment: segment.label,
                        time: segment.time.len(),
                        column,
                        other,
                    });
                }
            }
            let star = Star {
                mass_msun: measured(0),
                radius_rsun: measured(1),
                teff_k: measured(2),
                logg: measured(3),
                rho: measured(4),
            };
            Ok(SegmentRow { target_id: target_id.value(row).into(), segment, star })
        })
        .collect()
}

/// A list of numbers a row: as they are, or as counts of steps with their scale.
struct Series<'a> {
    column: &'static str,
    lists: &'a ListArray,
    zero: Option<&'a Float64Array>,
    step: Option<&'a Float64Array>,
}

impl<'a> Series<'a> {
    fn of(batch: &'a RecordBatch, column: &'static str) -> Result<Self, DatasetError> {
        let scale = |part: &str| {
            let array = batch.column_by_name(&format!("{column}_{part}"))?;
            Some(
                array.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_type(column, array.data_type(), "Float64")),
            )
        };
        let (zero, step) = (scale("zero").transpose()?, scale("step").transpose()?);
        Ok(Self { column, lists: lists(batch, column)?, zero, step })
    }

    /// Numbers of a row, NaN for nulls among them; `None` where the row has no list.
    fn values(&self, row: usize) -> Result<Option<Vec<f64>>, DatasetError> {
        if self.lists.is_null(row) {
            return Ok(None);
        }
        let item = self.lists.value(row);
        let Some(step) = self.step else {
            let item = item
                .as_primitive_opt::<Float64Type>()
                .ok_or_else(|| wrong_type(self.column, item.data_type(), "List of Float64"))?;
            let number = |i| if item.is_null(i) { f64::NAN } else { item.value(i) };
            return Ok(Some((0..item.len()).map(number).collect()));
        };
        let zero = self.zero.map_or(0.0, |zero| zero.value(row));
        let counts: Vec<Option<i64>> =
            match (item.as_primitive_opt::<Int64Type>(), item.as_primitive_opt::<Int32Type>()) {
                (Some(item), _) => item.iter().collect(),
                (_, Some(item)) => item.iter().map(|n| n.map(i64::from)).collect(),
                _ => return Err(wrong_type(self.column, item.data_type(), "List of Int64 or Int32")),
            };
        Ok(Some(compact::values(zero, step.value(row), counts.into_iter())))
    }
}

fn wrong_type(column: &'static str, found: &arrow::datatypes::DataType, expected: &'static str) -> DatasetError {
    DatasetError::ColumnType { column, found: found.to_string(), expected }
}

fn strings<'a>(batch: &'a RecordBatch, column: &'static str) -> Result<&'a StringArray, DatasetError> {
    let array = batch.column_by_name(column).ok_or(DatasetError::MissingColumn { column })?;
    array.as_string_opt::<i32>().ok_or_else(|| wrong_type(column, array.data_type(), "Utf8"))
}

fn floats<'a>(batch: &'a RecordBatch, column: &'static str) -> Result<&'a Float64Array, DatasetError> {
    let array = batch.column_by_name(column).ok_or(DatasetError::MissingColumn { column })?;
    array.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_type(column, array.data_type(), "Float64"))
}

fn lists<'a>(batch: &'a RecordBatch, column: &'static str) -> Result<&'a ListArray, DatasetError> {
    let array = batch.column_by_name(column).ok_or(DatasetError::MissingColumn { column })?;
    array.as_list_opt::<i32>().ok_or_else(|| wrong_type(column, array.data_type(), "List"))
}

fn flags(list: &ListArray, row: usize) -> Result<Option<Vec<bool>>, DatasetError> {
    if list.is_null(row) {
        return Ok(None);
    }
    let item = list.value(row);
    let item: &BooleanArray =
        item.as_boolean_opt().ok_or_else(|| wrong_type("flagged", item.data_type(), "List of Boolean"))?;
    Ok(Some((0..item.len()).map(|i| !item.is_null(i) && item.value(i)).collect()))
}
