//! Appends rows to a Parquet table and puts the finished file in place in one step.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Column, Kind, Table};

/// Rows held before they are encoded as a row group.
const ROWS_PER_GROUP: usize = 65_536;

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    #[error("cannot write {path}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot encode {path}")]
    Parquet { path: PathBuf, source: ParquetError },
    #[error("columns of {path} do not fit together")]
    Arrow { path: PathBuf, source: ArrowError },
    #[error("row {row} of {table}: {reason}")]
    Row { table: &'static str, row: usize, reason: String },
}

enum Values {
    Text(StringBuilder),
    Float(Float64Builder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Floats(ListBuilder<Float64Builder>),
    Integers(ListBuilder<Int64Builder>),
}

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Values::Text(StringBuilder::new()),
            Kind::Float => Values::Float(Float64Builder::new()),
            Kind::Integer => Values::Integer(Int64Builder::new()),
            Kind::Boolean => Values::Boolean(BooleanBuilder::new()),
            Kind::Floats => Values::Floats(ListBuilder::new(Float64Builder::new())),
            Kind::Integers => Values::Integers(ListBuilder::new(Int64Builder::new())),
        }
    }

    fn push_null(&mut self) {
        match self {
            Values::Text(b) => b.append_null(),
            Values::Float(b) => b.append_null(),
            Values::Integer(b) => b.append_null(),
            Values::Boolean(b) => b.append_null(),
            Values::Floats(b) => b.append_null(),
            Values::Integers(b) => b.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Values::Text(b) => Arc::new(b.finish()),
            Values::Float(b) => Arc::new(b.finish()),
            Values::Integer(b) => Arc::new(b.finish()),
            Values::Boolean(b) => Arc::new(b.finish()),
            Values::Floats(b) => Arc::new(b.finish()),
            Values::Integers(b) => Arc::new(b.finish()),
        }
    }
}

fn data_type(kind: Kind) -> DataType {
    let list = |item: DataType| DataType::List(Arc::new(Field::new("item", item, true)));
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Float => DataType::Float64,
        Kind::Integer => DataType::Int64,
        Kind::Boolean => DataType::Boolean,
        Kind::Floats => list(DataType::Float64),
        Kind::Integers => list(DataType::Int64),
    }
}

fn arrow_schema(table: &Table, columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|c| {
            let metadata = HashMap::from([
                ("unit".to_string(), c.unit.clone()),
                ("description".to_string(), c.description.clone()),
            ]);
            Field::new(&c.name, data_type(c.kind), true).with_metadata(metadata)
        })
        .collect();
    let metadata = HashMap::from([
        ("antumbra.table".to_string(), table.name.to_string()),
        ("antumbra.schema_version".to_string(), table.version.to_string()),
        ("antumbra.version".to_string(), env!("CARGO_PKG_VERSION").to_string()),
    ]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Writes one table. Rows go to `NAME.parquet.partial`; [`TableWriter::finish`] renames it to `NAME.parquet`.
pub struct TableWriter {
    table: Table,
    columns: Vec<Column>,
    position: HashMap<String, usize>,
    schema: SchemaRef,
    values: Vec<Values>,
    writer: ArrowWriter<File>,
    partial: PathBuf,
    path: PathBuf,
    pending: usize,
    rows: usize,
}

impl TableWriter {
    /// Starts `DIR/NAME.parquet` with these columns.
    pub fn create(dir: &Path, table: Table, columns: Vec<Column>) -> Result<Self, TableError> {
        Self::create_file(dir.join(format!("{}.parquet", table.name)), table, columns)
    }

    /// Starts the table at a path of the caller's choice.
    pub fn create_file(path: PathBuf, table: Table, columns: Vec<Column>) -> Result<Self, TableError> {
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|source| TableError::Io { path: partial.clone(), source })?;
        let schema = arrow_schema(&table, &columns);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("antumbra {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|source| TableError::Parquet { path: path.clone(), source })?;
        let values = columns.iter().map(|c| Values::new(c.kind)).collect();
        let position = columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect();
        Ok(Self { table, columns, position, schema, values, writer, partial, path, pending: 0, rows: 0 })
    }

    /// A row in which every column is null until it is set.
    pub fn row(&mut self) -> RowBuilder<'_> {
        let set = vec![false; self.columns.len()];
        RowBuilder { writer: self, set, error: None }
    }

    /// Rows appended so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if self.pending == 0 {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = self.values.iter_mut().map(Values::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|source| TableError::Arrow { path: self.path.clone(), source })?;
        self.writer.write(&batch).map_err(|source| TableError::Parquet { path: self.path.clone(), source })?;
        self.pending = 0;
        Ok(())
    }

    /// Encodes what is left, syncs, and puts the file in place. Returns the number of rows.
    pub fn finish(mut self) -> Result<usize, TableError> {
        self.flush()?;
        let parquet = |source| TableError::Parquet { path: self.path.clone(), source };
        let file = self.writer.into_inner().map_err(parquet)?;
        let io = |source| TableError::Io { path: self.path.clone(), source };
        file.sync_all().map_err(io)?;
        fs::rename(&self.partial, &self.path).map_err(io)?;
        Ok(self.rows)
    }
}

/// One row being filled, column by column; not a number is written as null.
pub struct RowBuilder<'a> {
    writer: &'a mut TableWriter,
    set: Vec<bool>,
    error: Option<String>,
}

impl RowBuilder<'_> {
    fn slot(&mut self, name: &str, kinds: &[Kind]) -> Option<usize> {
        match self.writer.position.get(name) {
            Some(&i) if !self.set[i] && kinds.contains(&self.writer.columns[i].kind) => {
                self.set[i] = true;
                Some(i)
            }
            Some(&i) => {
                let kind = self.writer.columns[i].kind.arrow_name();
                self.error.get_or_insert(format!("column {name} ({kind}) set twice or with another type"));
                None
            }
            None => {
                self.error.get_or_insert(format!("no column {name}"));
                None
            }
        }
    }

    pub fn text(mut self, name: &str, value: impl AsRef<str>) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Text])
            && let Values::Text(b) = &mut self.writer.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn float(mut self, name: &str, value: f64) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Float])
            && let Values::Float(b) = &mut self.writer.values[i]
        {
            b.append_option((!value.is_nan()).then_some(value));
        }
        self
    }

    pub fn maybe_float(self, name: &str, value: Option<f64>) -> Self {
        self.float(name, value.unwrap_or(f64::NAN))
    }

    pub fn integer(mut self, name: &str, value: i64) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Integer])
            && let Values::Integer(b) = &mut self.writer.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn boolean(mut self, name: &str, value: bool) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Boolean])
            && let Values::Boolean(b) = &mut self.writer.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn floats(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Floats])
            && let Values::Floats(b) = &mut self.writer.values[i]
        {
            for v in values {
                b.values().append_option((!v.is_nan()).then_some(v));
            }
            b.append(true);
        }
        self
    }

    pub fn integers(mut self, name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Integers])
            && let Values::Integers(b) = &mut self.writer.values[i]
        {
            for v in values {
                b.values().append_value(v);
            }
            b.append(true);
        }
        self
    }

    /// Ends the row: columns not set become null.
    pub fn end(self) -> Result<(), TableError> {
        for (values, set) in self.writer.values.iter_mut().zip(&self.set) {
            if !set {
                values.push_null();
            }
        }
        self.writer.pending += 1;
        self.writer.rows += 1;
        if let Some(reason) = self.error {
            return Err(TableError::Row { table: self.writer.table.name, row: self.writer.rows - 1, reason });
        }
        if self.writer.pending >= ROWS_PER_GROUP {
            self.writer.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::table::{ERRORS, errors_columns};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    #[test]
    fn rows_come_back_with_units_and_nulls() {
        let dir = tempfile::tempdir().unwrap();
        let columns = vec![
            Column { name: "period".into(), kind: Kind::Float, unit: "d".into(), description: "Period.".into() },
            Column { name: "depths".into(), kind: Kind::Floats, unit: String::new(), description: "Depths.".into() },
        ];
        let mut writer = TableWriter::create(dir.path(), ERRORS, columns).unwrap();
        writer.row().float("period", 2.5).floats("depths", [0.1, 0.2]).end().unwrap();
        writer.row().float("period", f64::NAN).end().unwrap();
        assert!(!dir.path().join("errors.parquet").exists(), "nothing is in place before the table is whole");
        assert_eq!(writer.finish().unwrap(), 2);
        let file = File::open(dir.path().join("errors.parquet")).unwrap();
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(batch.num_rows(), 2);
        assert_eq!(batch.column(0).null_count(), 1);
        assert_eq!(batch.column(1).null_count(), 1);
        assert_eq!(batch.schema().field(0).metadata()["unit"], "d");
    }

    #[test]
    fn a_wrong_column_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = TableWriter::create(dir.path(), ERRORS, errors_columns()).unwrap();
        assert!(writer.row().float("no_such_column", 1.0).end().is_err());
        assert!(writer.row().float("source", 1.0).end().is_err());
    }
}
