//! Arrow arrays of any width as f64 and strings.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};

use crate::io::read::error::ReadError;

/// Bands of a light curve: not given, one, or one a cadence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Words {
    None,
    One(String),
    Many(Vec<String>),
}

/// The type of the items of a list, whatever kind of list.
pub(super) fn item_type(data_type: &DataType) -> Option<&DataType> {
    match data_type {
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::FixedSizeList(f, _)
        | DataType::ListView(f)
        | DataType::LargeListView(f) => Some(f.data_type()),
        _ => None,
    }
}

/// Whether values can be taken as numbers. Dates and text cannot.
pub(super) fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || *data_type == DataType::Boolean
}

fn wrong_type(array: &dyn Array, name: &str) -> ReadError {
    ReadError::ColumnType { column: name.into(), found: array.data_type().to_string() }
}

/// Values of a column, NaN where null.
pub(super) fn numbers(array: &ArrayRef, name: &str) -> Result<Vec<f64>, ReadError> {
    if !is_number(array.data_type()) {
        return Err(wrong_type(array, name));
    }
    let array = cast(array, &DataType::Float64)?;
    let array: &Float64Array = array.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_type(&array, name))?;
    Ok(array.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// Values of a column as text.
pub(super) fn strings(array: &ArrayRef, name: &str) -> Result<Vec<Option<String>>, ReadError> {
    let array = cast(array, &DataType::Utf8)?;
    let array = array.as_string_opt::<i32>().ok_or_else(|| wrong_type(&array, name))?;
    Ok(array.iter().map(|v| v.map(str::to_string)).collect())
}

/// A column of lists of numbers.
pub(super) struct Lists(ListArray);

impl Lists {
    /// The values of a row, NaN where null; `None` where the row is.
    pub(super) fn row(&self, row: usize) -> Option<Vec<f64>> {
        if self.0.is_null(row) {
            return None;
        }
        let values = self.0.value(row);
        let values = values.as_primitive_opt::<Float64Type>()?;
        Some(values.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    }
}

/// A column as lists of numbers.
pub(super) fn lists(array: &ArrayRef, name: &str) -> Result<Lists, ReadError> {
    if !item_type(array.data_type()).is_some_and(is_number) {
        return Err(wrong_type(array, name));
    }
    let wanted = DataType::List(std::sync::Arc::new(Field::new("item", DataType::Float64, true)));
    let array = cast(array, &wanted)?;
    array.as_list_opt::<i32>().cloned().map(Lists).ok_or_else(|| wrong_type(&array, name))
}

/// The words of one row: a word, or a list of them.
pub(super) fn words(array: &ArrayRef, row: usize, name: &str) -> Result<Words, ReadError> {
    if array.is_null(row) {
        return Ok(Words::None);
    }
    let Some(_) = item_type(array.data_type()) else {
        let one = strings(&array.slice(row, 1), name)?;
        return Ok(one.into_iter().next().flatten().map_or(Words::None, Words::One));
    };
    let wanted = DataType::List(std::sync::Arc::new(Field::new("item", DataType::Utf8, true)));
    let list = cast(&array.slice(row, 1), &wanted)?;
    let list = list.as_list_opt::<i32>().ok_or_else(|| wrong_type(array, name))?;
    Ok(Words::Many(strings(&list.value(0), name)?.into_iter().map(Option::unwrap_or_default).collect()))
}
