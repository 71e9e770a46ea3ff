//! Reads result tables back, in the order of their rows.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::TableError;

/// Rows decoded at a time.
const ROWS_AT_ONCE: usize = 1024;

/// A result table being read.
pub struct TableReader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    rows: usize,
    /// Rows that have been decoded but not taken.
    held: Option<RecordBatch>,
}

impl TableReader {
    /// Opens a table, of all its columns or of those named.
    pub fn open(path: &Path, columns: Option<&[&str]>) -> Result<Self, TableError> {
        let failed = |source: ParquetError| TableError::Read { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(|e| failed(e.into()))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mask = match columns {
            None => ProjectionMask::all(),
            Some(names) => {
                for name in names {
                    if builder.schema().field_with_name(name).is_err() {
                        return Err(TableError::NoColumn { path: path.to_path_buf(), column: name.to_string() });
                    }
                }
                ProjectionMask::columns(builder.parquet_schema(), names.iter().copied())
            }
        };
        let reader = builder.with_projection(mask).with_batch_size(ROWS_AT_ONCE).build().map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), reader, rows, held: None })
    }

    /// Rows of the whole table.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The next batch; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        let batch = self.reader.next().transpose();
        batch.map_err(|source| TableError::Arrow { path: self.path.clone(), source })
    }

    /// Hands over the next `rows` rows.
    pub fn take<E: From<TableError>>(
        &mut self,
        mut rows: usize,
        mut sink: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        while rows > 0 {
            let batch = self.batch()?.ok_or_else(|| TableError::Short { path: self.path.clone() })?;
            let n = rows.min(batch.num_rows());
            if n < batch.num_rows() {
                self.held = Some(batch.slice(n, batch.num_rows() - n));
            }
            rows -= n;
            sink(batch.slice(0, n))?;
        }
        Ok(())
    }

    fn missing(&self, column: &str) -> TableError {
        TableError::NoColumn { path: self.path.clone(), column: column.to_string() }
    }

    /// A column of text.
    pub fn text<'a>(&self, batch: &'a RecordBatch, column: &str) -> Result<&'a StringArray, TableError> {
        batch.column_by_name(column).and_then(|a| a.as_string_opt()).ok_or_else(|| self.missing(column))
    }

    /// A column of numbers.
    pub fn floats<'a>(&self, batch: &'a RecordBatch, column: &str) -> Result<&'a Float64Array, TableError> {
        batch
            .column_by_name(column)
            .and_then(|a| a.as_primitive_opt::<Float64Type>())
            .ok_or_else(|| self.missing(column))
    }

    /// A column of whole numbers.
    pub fn integers<'a>(&self, batch: &'a RecordBatch, column: &str) -> Result<&'a Int64Array, TableError> {
        batch.column_by_name(column).and_then(|a| a.as_primitive_opt::<Int64Type>()).ok_or_else(|| self.missing(column))
    }
}

/// The value of a row, where it has one.
pub fn float_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}
