//! Which of the layouts a Parquet file has, and which columns matter.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema};

use super::arrays::{Words, is_number, item_type, strings, words};
use crate::io::dataset;
use crate::io::read::columns::{Roles, normalise, roles, target_column};
use crate::io::read::config::ReadConfig;
use crate::io::read::contents::Columns;
use crate::io::read::error::ReadError;

/// How light curves lie in the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Our own table.
    Dataset,
    /// A row a light curve, each column a list.
    Lists,
    /// A row a cadence.
    Cadences,
    /// A row a light curve, in the struct column of this index.
    Nested(usize),
}

/// Columns that name quarter, sector or campaign.
const LABELS: [&str; 4] = ["segment", "sector", "quarter", "campaign"];

/// The label of a light curve in the missions' spelling.
fn mission_label(name: &str, value: String) -> String {
    match (name, value.parse::<u32>()) {
        ("sector", Ok(n)) => format!("S{n}"),
        ("quarter", Ok(n)) => format!("Q{n}"),
        ("campaign", Ok(n)) => format!("C{n}"),
        _ => value,
    }
}

/// The label that a folder of a partitioned collection gives all files below it: `sector=12`.
pub(super) fn folder_label(path: &Path) -> Option<String> {
    path.parent()?.components().rev().find_map(|folder| {
        let folder = folder.as_os_str().to_str()?;
        let (name, value) = folder.split_once('=')?;
        let name = normalise(name);
        LABELS.contains(&name.as_str()).then(|| mission_label(&name, value.to_string()))
    })
}

/// The layout of a file.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    /// Normalised names of the top-level columns.
    pub(super) names: Vec<String>,
    /// Top-level column that names the target.
    pub(super) target: Option<usize>,
    pub(super) time_name: String,
    pub(super) time_unit: String,
    pub(super) magnitudes: bool,
    /// Names of the columns in their roles, at the level where the light curve is.
    time: String,
    flux: String,
    flux_err: Option<String>,
    quality: Option<String>,
    centroid: Option<(String, String)>,
    band: Option<String>,
    /// Top-level columns to read.
    wanted: Vec<usize>,
    /// Top-level column that names quarter, sector or campaign.
    label: Option<usize>,
}

/// Tells the layout by names and types.
pub(super) fn layout(schema: &Schema, config: &ReadConfig) -> Result<Layout, ReadError> {
    let fields = schema.fields();
    let names: Vec<String> = fields.iter().map(|f| normalise(f.name())).collect();
    let mut out = Layout {
        shape: Shape::Dataset,
        target: names.iter().position(|n| n == "target_id"),
        names,
        time_name: String::new(),
        time_unit: String::new(),
        magnitudes: false,
        time: String::new(),
        flux: String::new(),
        flux_err: None,
        quality: None,
        centroid: None,
        band: None,
        wanted: Vec::new(),
        label: None,
    };
    if dataset::is_dataset(schema) {
        return Ok(out);
    }
    let nested = fields.iter().enumerate().find_map(|(i, f)| {
        let children = struct_fields(f.data_type())?;
        let named = roles(&field_names(children), config).ok()?;
        Some((i, children, named))
    });
    let top = field_names(fields);
    let (shape, level, found) = match nested {
        Some((index, children, found)) => (Shape::Nested(index), children, found),
        None => {
            let found = roles(&top, config)?;
            let listed = item_type(fields[found.time].data_type()).is_some();
            (if listed { Shape::Lists } else { Shape::Cadences }, fields, found)
        }
    };
    out.shape = shape;
    out.adopt(level, &found)?;
    // Columns outside a nested light curve name its target; those of a flat one were found with the rest.
    out.target = target_column(&top, config)?;
    out.label = LABELS.iter().find_map(|l| out.names.iter().position(|n| n == l));
    let top_of = |name: &Option<String>| name.as_ref().and_then(|n| top.iter().position(|t| t == n));
    out.wanted = match shape {
        Shape::Nested(index) => vec![index],
        _ => [
            Some(out.time.clone()),
            Some(out.flux.clone()),
            out.flux_err.clone(),
            out.quality.clone(),
            out.centroid.as_ref().map(|c| c.0.clone()),
            out.centroid.as_ref().map(|c| c.1.clone()),
            out.band.clone(),
        ]
        .iter()
        .filter_map(top_of)
        .collect(),
    };
    out.wanted.extend(out.label);
    out.wanted.sort_unstable();
    out.wanted.dedup();
    Ok(out)
}

impl Layout {
    /// Takes over names, unit and types of the columns of the light curve.
    fn adopt(&mut self, fields: &Fields, found: &Roles) -> Result<(), ReadError> {
        let numeric = |index: usize| {
            let data_type = fields[index].data_type();
            is_number(item_type(data_type).unwrap_or(data_type))
        };
        for index in [Some(found.time), Some(found.flux), found.flux_err, found.quality].into_iter().flatten() {
            if !numeric(index) {
                return Err(ReadError::ColumnType {
                    column: fields[index].name().clone(),
                    found: fields[index].data_type().to_string(),
                });
            }
        }
        let name = |index: usize| fields[index].name().clone();
        self.time_name = name(found.time);
        self.time_unit = fields[found.time].metadata().get("unit").cloned().unwrap_or_default();
        self.magnitudes = found.magnitudes;
        self.time = name(found.time);
        self.flux = name(found.flux);
        self.flux_err = found.flux_err.map(name);
        self.quality = found.quality.map(name);
        // Numbers in lists where times are, else they are no centroids of cadences.
        let is_list = |index: usize| item_type(fields[index].data_type()).is_some();
        let is_like_time = |index: usize| numeric(index) && is_list(index) == is_list(found.time);
        let usable = found.centroid.filter(|(column, row)| is_like_time(*column) && is_like_time(*row));
        self.centroid = usable.map(|(column, row)| (name(column), name(row)));
        self.band = found.band.map(name);
        Ok(())
    }

    /// Top-level columns to read.
    pub(super) fn columns(&self) -> Vec<usize> {
        self.wanted.clone()
    }

    /// A nested batch with the children of its struct as columns of lists; other batches as they are.
    pub(super) fn flatten(&self, batch: &RecordBatch) -> Result<RecordBatch, ReadError> {
        let Shape::Nested(index) = self.shape else { return Ok(batch.clone()) };
        let position = self.wanted.iter().position(|w| *w == index).unwrap_or(0);
        let nested = batch.column(position);
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (i, field) in batch.schema().fields().iter().enumerate() {
            if i != position {
                columns.push((field.name().clone(), batch.column(i).clone()));
            }
        }
        match nested.as_struct_opt() {
            Some(array) => columns.extend(struct_of_lists(array)),
            None => columns.extend(list_of_structs(nested)?),
        }
        // A child counts before a top-level column of the same name.
        columns.reverse();
        let fields: Vec<Field> = columns.iter().map(|(n, a)| Field::new(n, a.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }

    /// Where the columns are in a batch.
    pub(super) fn roles_in(&self, batch: &RecordBatch) -> Result<Roles, ReadError> {
        let schema = batch.schema();
        let find = |name: &String| {
            schema.index_of(name).map_err(|_| ReadError::NoColumn {
                column: name.clone(),
                found: schema.fields().iter().map(|f| f.name().clone()).collect(),
            })
        };
        let optional = |name: &Option<String>| name.as_ref().map(find).transpose();
        Ok(Roles {
            time: find(&self.time)?,
            flux: find(&self.flux)?,
            flux_err: optional(&self.flux_err)?,
            quality: optional(&self.quality)?,
            centroid: match &self.centroid {
                Some((column, row)) => Some((find(column)?, find(row)?)),
                None => None,
            },
            band: None,
            target: None,
            magnitudes: self.magnitudes,
        })
    }

    /// Top-level column that names sector, quarter or campaign.
    pub(super) fn label_column(&self) -> Option<usize> {
        match self.shape {
            Shape::Dataset => self.names.iter().position(|name| name == LABELS[0]),
            _ => self.label,
        }
    }

    /// Labels of such a column.
    pub(super) fn labels(&self, column: &ArrayRef) -> Result<Vec<Option<String>>, ReadError> {
        let name = self.label_column().map_or(LABELS[0], |label| &self.names[label]);
        let labels = strings(column, name)?.into_iter();
        Ok(labels.map(|label| label.map(|label| mission_label(name, label))).collect())
    }

    /// Which columns there are beside time and flux.
    pub(super) fn kinds(&self) -> Columns {
        Columns {
            flux_err: self.flux_err.is_some(),
            quality: self.quality.is_some(),
            centroid: self.centroid.is_some(),
        }
    }

    /// Quarter, sector or campaign of a row, in the missions' spelling.
    pub(super) fn label(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        let name = &self.names[self.label?];
        let column = batch.schema().fields().iter().position(|f| normalise(f.name()) == *name)?;
        let value = strings(&batch.column(column).slice(row, 1), name).ok()?.into_iter().next().flatten()?;
        Some(mission_label(name, value))
    }

    fn band_column<'a>(&self, batch: &'a RecordBatch) -> Option<&'a ArrayRef> {
        batch.column_by_name(self.band.as_ref()?)
    }

    /// Bands of a row that is a light curve.
    pub(super) fn band(&self, batch: &RecordBatch, row: usize) -> Result<Words, ReadError> {
        self.band_column(batch).map_or(Ok(Words::None), |column| words(column, row, "band"))
    }

    /// Bands of rows that are cadences.
    pub(super) fn bands(&self, batch: &RecordBatch) -> Result<Option<Vec<Option<String>>>, ReadError> {
        self.band_column(batch).map(|column| strings(column, "band")).transpose()
    }
}

fn field_names(fields: &Fields) -> Vec<String> {
    fields.iter().map(|f| f.name().clone()).collect()
}

/// The fields of a struct, or of a list of structs.
fn struct_fields(data_type: &DataType) -> Option<&Fields> {
    match item_type(data_type).unwrap_or(data_type) {
        DataType::Struct(fields) => Some(fields),
        _ => None,
    }
}

/// Children of a struct, null where the struct is.
fn struct_of_lists(array: &StructArray) -> Vec<(String, ArrayRef)> {
    let names = array.fields().iter().map(|f| f.name().clone());
    let columns = array.columns().iter().map(|child| match array.nulls() {
        Some(nulls) => {
            let absent = arrow::array::BooleanArray::new(!nulls.inner(), None);
            arrow::compute::nullif(child, &absent).unwrap_or_else(|_| child.clone())
        }
        None => child.clone(),
    });
    names.zip(columns).collect()
}

/// A list of structs turned into lists of each field.
fn list_of_structs(array: &ArrayRef) -> Result<Vec<(String, ArrayRef)>, ReadError> {
    let wrong = || ReadError::ColumnType { column: "light curve".into(), found: array.data_type().to_string() };
    let item = item_type(array.data_type()).ok_or_else(wrong)?;
    let list = cast(array, &DataType::List(Arc::new(Field::new("item", item.clone(), true))))?;
    let list: &ListArray = list.as_list_opt::<i32>().ok_or_else(wrong)?;
    let items = list.values().as_struct_opt().ok_or_else(wrong)?;
    items
        .fields()
        .iter()
        .zip(items.columns())
        .map(|(field, child)| {
            let item = Arc::new(Field::new("item", child.data_type().clone(), true));
            let column = ListArray::try_new(item, list.offsets().clone(), child.clone(), list.nulls().cloned())?;
            Ok((field.name().clone(), Arc::new(column) as ArrayRef))
        })
        .collect()
}
