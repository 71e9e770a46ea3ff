//! Rows of a result table, held column by column.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::{Column, Kind, Table, TableError};

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

/// Rows of one table, appended one by one and taken out as Arrow batches.
pub struct TableRows {
    table: Table,
    columns: Vec<Column>,
    position: HashMap<String, usize>,
    schema: SchemaRef,
    values: Vec<Values>,
    pending: usize,
    rows: usize,
}

impl TableRows {
    pub fn new(table: Table, columns: Vec<Column>) -> Self {
        let schema = arrow_schema(&table, &columns);
        let values = columns.iter().map(|c| Values::new(c.kind)).collect();
        let position = columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect();
        Self { table, columns, position, schema, values, pending: 0, rows: 0 }
    }

    pub fn table(&self) -> Table {
        self.table
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// A row in which every column is null until it is set.
    pub fn row(&mut self) -> RowBuilder<'_> {
        let set = vec![false; self.columns.len()];
        RowBuilder { rows: self, set, error: None }
    }

    /// Rows that have not been taken.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// The rows appended since the last call; `None` where there are none.
    pub fn take(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.pending == 0 {
            return Ok(None);
        }
        self.pending = 0;
        let arrays: Vec<ArrayRef> = self.values.iter_mut().map(Values::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).map(Some)
    }
}

/// One row being filled, column by column; not a number is written as null.
pub struct RowBuilder<'a> {
    rows: &'a mut TableRows,
    set: Vec<bool>,
    error: Option<String>,
}

impl RowBuilder<'_> {
    fn slot(&mut self, name: &str, kinds: &[Kind]) -> Option<usize> {
        match self.rows.position.get(name) {
            Some(&i) if !self.set[i] && kinds.contains(&self.rows.columns[i].kind) => {
                self.set[i] = true;
                Some(i)
            }
            Some(&i) => {
                let kind = self.rows.columns[i].kind.arrow_name();
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
            && let Values::Text(b) = &mut self.rows.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn float(mut self, name: &str, value: f64) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Float])
            && let Values::Float(b) = &mut self.rows.values[i]
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
            && let Values::Integer(b) = &mut self.rows.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn boolean(mut self, name: &str, value: bool) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Boolean])
            && let Values::Boolean(b) = &mut self.rows.values[i]
        {
            b.append_value(value);
        }
        self
    }

    pub fn floats(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        if let Some(i) = self.slot(name, &[Kind::Floats])
            && let Values::Floats(b) = &mut self.rows.values[i]
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
            && let Values::Integers(b) = &mut self.rows.values[i]
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
        for (values, set) in self.rows.values.iter_mut().zip(&self.set) {
            if !set {
                values.push_null();
            }
        }
        self.rows.pending += 1;
        self.rows.rows += 1;
        match self.error {
            Some(reason) => Err(TableError::Row { table: self.rows.table.name, row: self.rows.rows - 1, reason }),
            None => Ok(()),
        }
    }
}
