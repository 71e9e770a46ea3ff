//! Writes a Parquet table and puts the finished file in place in one step.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::rows::{RowBuilder, TableRows};
use super::{Column, Table};

/// Rows of a row group, but for the last.
const ROWS_PER_GROUP: usize = 16_384;
/// Rows handed to the encoder at a time. What it makes of rows depends on how many come at once; this makes the file a
/// function of the rows alone.
const ROWS_AT_ONCE: usize = 1024;

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
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: ParquetError },
    #[error("{path} has no column {column} of the right type")]
    NoColumn { path: PathBuf, column: String },
    #[error("{path} ends before its last row")]
    Short { path: PathBuf },
    #[error("row {row} of {table}: {reason}")]
    Row { table: &'static str, row: usize, reason: String },
}

/// Writes one table. Rows go to `NAME.parquet.partial`; [`TableWriter::finish`] renames it to `NAME.parquet`.
///
/// The same rows in the same order give the same bytes, however they are split into batches.
pub struct TableWriter {
    table: Table,
    schema: SchemaRef,
    gathered: TableRows,
    /// What went wrong when rows were encoded on the way; told at the end.
    failed: Option<TableError>,
    writer: ArrowWriter<File>,
    partial: PathBuf,
    path: PathBuf,
    /// Batches that are not encoded yet, and their rows.
    held: Vec<RecordBatch>,
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
        let gathered = TableRows::new(table, columns);
        let schema = gathered.schema().clone();
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|source| TableError::Io { path: partial.clone(), source })?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_created_by(format!("antumbra {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .map_err(|source| TableError::Parquet { path: path.clone(), source })?;
        Ok(Self { table, schema, gathered, failed: None, writer, partial, path, held: Vec::new(), pending: 0, rows: 0 })
    }

    /// A row in which every column is null until it is set.
    pub fn row(&mut self) -> RowBuilder<'_> {
        if self.gathered.pending() >= ROWS_AT_ONCE
            && let Err(error) = self.write_gathered()
        {
            self.failed.get_or_insert(error);
        }
        self.gathered.row()
    }

    fn write_gathered(&mut self) -> Result<(), TableError> {
        let batch = self.gathered.take().map_err(|source| TableError::Arrow { path: self.path.clone(), source })?;
        batch.map_or(Ok(()), |batch| self.write(batch))
    }

    /// Appends a batch of the table's columns.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), TableError> {
        self.pending += batch.num_rows();
        self.rows += batch.num_rows();
        self.held.push(batch);
        if self.pending < ROWS_AT_ONCE {
            return Ok(());
        }
        let all = self.together()?;
        let mut start = 0;
        while all.num_rows() - start >= ROWS_AT_ONCE {
            self.encode(&all.slice(start, ROWS_AT_ONCE))?;
            start += ROWS_AT_ONCE;
        }
        let rest = all.slice(start, all.num_rows() - start);
        self.pending = rest.num_rows();
        self.held.push(rest);
        Ok(())
    }

    fn together(&mut self) -> Result<RecordBatch, TableError> {
        concat_batches(&self.schema, &std::mem::take(&mut self.held))
            .map_err(|source| TableError::Arrow { path: self.path.clone(), source })
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        self.writer.write(batch).map_err(|source| TableError::Parquet { path: self.path.clone(), source })
    }

    /// Encodes what is left, syncs, and puts the file in place. Returns the number of rows.
    pub fn finish(self) -> Result<usize, TableError> {
        let finished = self.encode_all()?;
        finished.put_in_place()
    }

    /// Encodes what is left and syncs; the file keeps its provisional name.
    pub fn encode_all(mut self) -> Result<FinishedTable, TableError> {
        self.write_gathered()?;
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.pending > 0 {
            let rest = self.together()?;
            self.encode(&rest)?;
        }
        let file =
            self.writer.into_inner().map_err(|source| TableError::Parquet { path: self.path.clone(), source })?;
        file.sync_all().map_err(|source| TableError::Io { path: self.path.clone(), source })?;
        Ok(FinishedTable { table: self.table, partial: self.partial, path: self.path, rows: self.rows })
    }
}

/// A table that is whole on the disk, under its provisional name.
pub struct FinishedTable {
    table: Table,
    partial: PathBuf,
    path: PathBuf,
    rows: usize,
}

impl FinishedTable {
    pub fn table(&self) -> Table {
        self.table
    }

    /// Rows in the table.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Gives the file its name. Returns the number of rows.
    pub fn put_in_place(self) -> Result<usize, TableError> {
        fs::rename(&self.partial, &self.path).map_err(|source| TableError::Io { path: self.path, source })?;
        Ok(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::table::{ERRORS, Kind, errors_columns};
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
        let mut rows = TableRows::new(ERRORS, errors_columns());
        assert!(rows.row().float("no_such_column", 1.0).end().is_err());
        assert!(rows.row().float("source", 1.0).end().is_err());
    }

    #[test]
    fn the_bytes_do_not_depend_on_how_rows_come() {
        let dir = tempfile::tempdir().unwrap();
        let written = |name: &str, at_once: usize| {
            let mut writer = TableWriter::create_file(dir.path().join(name), ERRORS, errors_columns()).unwrap();
            let mut rows = TableRows::new(ERRORS, errors_columns());
            for i in 0..5000 {
                rows.row()
                    .text("source", format!("file {}", i % 700))
                    .text("reason", "x".repeat(i % 90))
                    .end()
                    .unwrap();
                if rows.pending() == at_once {
                    writer.write(rows.take().unwrap().unwrap()).unwrap();
                }
            }
            if let Some(rest) = rows.take().unwrap() {
                writer.write(rest).unwrap();
            }
            assert_eq!(writer.finish().unwrap(), 5000);
            std::fs::read(dir.path().join(name)).unwrap()
        };
        let all = written("all", 10_000);
        assert!(all == written("one", 1) && all == written("many", 777));
    }
}
