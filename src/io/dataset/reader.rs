//! Rows of a dataset back to segments.

use arrow::array::{Array, AsArray, BooleanArray, Float64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, UInt8Type};

use super::schema::STAR_COLUMNS;
use super::{DatasetError, compact};
use crate::lightcurve::{RawSegment, TimeSystem};
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
    let time = lists(batch, "time")?;
    let flux = lists(batch, "flux")?;
    let flux_err = lists(batch, "flux_err")?;
    let flagged = lists(batch, "flagged")?;
    let scales = Scales::of(batch)?;
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
                time: scales.values(time, row, "time")?.ok_or(DatasetError::Null { column: "time", row })?,
                flux: scales.values(flux, row, "flux")?.ok_or(DatasetError::Null { column: "flux", row })?,
                flux_err: scales.values(flux_err, row, "flux_err")?,
                flagged: flags(flagged, row)?,
                time_system: match time_offset.is_null(row) {
                    true => TimeSystem::UNKNOWN,
                    false => TimeSystem::with_offset(time_offset.value(row)),
                },
                exposure_time: (!exposure_time.is_null(row)).then(|| exposure_time.value(row)),
                band: (!band.is_null(row)).then(|| band.value(row).into()),
                preference: preference.value(row),
            };
            let lengths = [
                ("flux", Some(segment.flux.len())),
                ("flux_err", segment.flux_err.as_ref().map(Vec::len)),
                ("flagged", segment.flagged.as_ref().map(Vec::len)),
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

/// What turns the counts of a compact table into numbers; nothing in an exact one.
struct Scales<'a>(Option<[&'a Float64Array; 5]>);

impl<'a> Scales<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, DatasetError> {
        if batch.column_by_name("time_step").is_none() {
            return Ok(Self(None));
        }
        let [time_zero, time_step] = [floats(batch, "time_zero")?, floats(batch, "time_step")?];
        let [flux_zero, flux_step] = [floats(batch, "flux_zero")?, floats(batch, "flux_step")?];
        Ok(Self(Some([time_zero, time_step, flux_zero, flux_step, floats(batch, "flux_err_step")?])))
    }

    /// Numbers of a row of `time`, `flux` or `flux_err`.
    fn values(&self, list: &ListArray, row: usize, column: &'static str) -> Result<Option<Vec<f64>>, DatasetError> {
        let Some([time_zero, time_step, flux_zero, flux_step, err_step]) = self.0 else {
            return values(list, row, column);
        };
        if list.is_null(row) {
            return Ok(None);
        }
        let item = list.value(row);
        let (zero, step) = match column {
            "time" => (time_zero.value(row), time_step.value(row)),
            "flux" => (flux_zero.value(row), flux_step.value(row)),
            _ => (0.0, err_step.value(row)),
        };
        let wrong = || wrong_type(column, item.data_type(), "List of Int64 or Int32");
        let counts: Vec<Option<i64>> = match item.as_primitive_opt::<Int64Type>() {
            Some(item) => item.iter().collect(),
            None => {
                let item = item.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
                item.iter().map(|n| n.map(i64::from)).collect()
            }
        };
        Ok(Some(compact::values(zero, step, counts.into_iter())))
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

fn values(list: &ListArray, row: usize, column: &'static str) -> Result<Option<Vec<f64>>, DatasetError> {
    if list.is_null(row) {
        return Ok(None);
    }
    let item = list.value(row);
    let item = item
        .as_primitive_opt::<Float64Type>()
        .ok_or_else(|| wrong_type(column, item.data_type(), "List of Float64"))?;
    Ok(Some((0..item.len()).map(|i| if item.is_null(i) { f64::NAN } else { item.value(i) }).collect()))
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
