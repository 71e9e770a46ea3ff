//! Writes light curves to a dataset, whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::DatasetError;
use super::columns::Columns;
use super::schema::{Precision, SCHEMA_VERSION, TABLE, schema_of};
use crate::lightcurve::{Centroid, RawSegment, RawTarget};

/// Cadences held in memory before they are encoded.
const BATCH_CADENCES: usize = 1 << 18;
/// Cadences in a row group: a reader of one target decodes no more than this.
const ROW_GROUP_CADENCES: usize = 1 << 21;
/// Pages about as large as a segment, so that reading one row skips its neighbours.
const PAGE_BYTES: usize = 1 << 17;

/// What a finished dataset holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatasetSummary {
    pub targets: usize,
    pub segments: usize,
    pub cadences: usize,
}

/// Writes targets one after the other; the file appears under its name only when [`DatasetWriter::finish`] succeeds.
///
/// Same targets in the same order give the same bytes.
pub struct DatasetWriter {
    path: PathBuf,
    partial: PathBuf,
    writer: Option<ArrowWriter<File>>,
    columns: Columns,
    group_cadences: usize,
    summary: DatasetSummary,
}

impl DatasetWriter {
    /// Starts a dataset that will be `path`; the folders above it are made where missing.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        Self::create_with(path, Precision::Exact)
    }

    /// The same, as exactly as one likes.
    pub fn create_with(path: impl AsRef<Path>, precision: Precision) -> Result<Self, DatasetError> {
        let path = path.as_ref().to_path_buf();
        let file_error = |source| DatasetError::File { path: path.clone(), source };
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(file_error)?;
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_else(|| "dataset".as_ref()));
        name.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(name);
        let file = File::create(&partial).map_err(file_error)?;
        let schema = schema_of(precision);
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties(precision)))
            .map_err(|source| DatasetError::Parquet { path: path.clone(), source })?;
        Ok(Self {
            path,
            partial,
            writer: Some(writer),
            columns: Columns::new(schema, precision),
            group_cadences: 0,
            summary: DatasetSummary::default(),
        })
    }

    /// Adds one target, a row a segment.
    pub fn write(&mut self, target: &RawTarget) -> Result<(), DatasetError> {
        for segment in &target.segments {
            check_lengths(target, segment)?;
            self.columns.push(target, segment);
            self.summary.segments += 1;
            self.summary.cadences += segment.time.len();
            if self.columns.cadences() >= BATCH_CADENCES {
                self.encode()?;
            }
        }
        self.summary.targets += 1;
        Ok(())
    }

    /// Writes what is left and gives the file its name.
    pub fn finish(mut self) -> Result<DatasetSummary, DatasetError> {
        self.encode()?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(|source| DatasetError::Parquet { path: self.path.clone(), source })?;
        }
        std::fs::rename(&self.partial, &self.path)
            .map_err(|source| DatasetError::File { path: self.path.clone(), source })?;
        Ok(self.summary)
    }

    fn encode(&mut self) -> Result<(), DatasetError> {
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        let cadences = self.columns.cadences();
        let Some(batch) =
            self.columns.take().map_err(|source| DatasetError::Arrow { path: self.path.clone(), source })?
        else {
            return Ok(());
        };
        let mut encode = || {
            writer.write(&batch)?;
            self.group_cadences += cadences;
            if self.group_cadences >= ROW_GROUP_CADENCES {
                self.group_cadences = 0;
                writer.flush()?;
            }
            Ok(())
        };
        encode().map_err(|source| DatasetError::Parquet { path: self.path.clone(), source })
    }
}

impl Drop for DatasetWriter {
    fn drop(&mut self) {
        // After `finish` the partial file has been renamed; before it, nobody wants half a dataset.
        let _ = std::fs::remove_file(&self.partial);
    }
}

fn properties(precision: Precision) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_key_value_metadata(Some(vec![
            KeyValue::new("table".into(), TABLE.to_string()),
            KeyValue::new("schema_version".into(), SCHEMA_VERSION.to_string()),
        ]));
    // Neighbouring values share their high bytes, which a byte-wise layout lets zstd find.
    for column in ["time", "flux", "flux_err", "centroid_column", "centroid_row"] {
        let path = ColumnPath::from(vec![column.to_string(), "list".into(), "item".into()]);
        let encoding = match (precision, column) {
            (Precision::Compact, "time") => Encoding::DELTA_BINARY_PACKED,
            _ => Encoding::BYTE_STREAM_SPLIT,
        };
        builder = builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    builder.build()
}

fn check_lengths(target: &RawTarget, segment: &RawSegment) -> Result<(), DatasetError> {
    let n = segment.time.len();
    let others = [
        ("flux", Some(segment.flux.len())),
        ("flux_err", segment.flux_err.as_ref().map(Vec::len)),
        ("flagged", segment.flagged.as_ref().map(Vec::len)),
        ("centroid_column", segment.centroid.as_ref().map(Centroid::len)),
        ("centroid_row", segment.centroid.as_ref().map(|c| c.row.len())),
    ];
    for (column, length) in others {
        if let Some(other) = length.filter(|l| *l != n) {
            return Err(DatasetError::Lengths {
                target_id: target.target_id.clone(),
                segment: segment.label.clone(),
                time: n,
                column,
                other,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::reader::segments_of_batch;
    use super::*;
    use crate::lightcurve::TimeSystem;
    use crate::star::{Measured, Star};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    fn target(id: &str, n: usize) -> RawTarget {
        let segment = |label: &str, err: bool| RawSegment {
            label: label.into(),
            source: format!("{id}.fits"),
            time: (0..n).map(|i| 1325.3 + i as f64 / 720.0).collect(),
            flux: (0..n).map(|i| if i % 7 == 3 { f64::NAN } else { 1.0 + 1e-3 * (i as f64).sin() }).collect(),
            flux_err: err.then(|| vec![1e-3; n]),
            flagged: err.then(|| (0..n).map(|i| i % 5 == 0).collect()),
            time_system: if err { TimeSystem::BTJD } else { TimeSystem::UNKNOWN },
            exposure_time: err.then_some(120.0 / 86400.0),
            band: err.then(|| "TESS".into()),
            preference: if err { 200 } else { 100 },
            centroid: err.then(|| Centroid { column: vec![1012.3; n], row: (0..n).map(|i| 7.0 + i as f64).collect() }),
            momentum_dumps: if err { vec![1326.5, 1329.0] } else { Vec::new() },
        };
        let star = Star { teff_k: Some(Measured { value: 5800.0, err: 100.0 }), ..Star::default() };
        RawTarget { target_id: id.into(), segments: vec![segment("S1", true), segment("S2", false)], star }
    }

    /// NaN equals NaN, everything else as it is.
    fn same(a: &RawSegment, b: &RawSegment) -> bool {
        let bits = |s: &RawSegment| {
            let words = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            (words(&s.time), words(&s.flux), s.flux_err.as_deref().map(words))
        };
        let rest = |s: &RawSegment| RawSegment { time: vec![], flux: vec![], flux_err: None, ..s.clone() };
        bits(a) == bits(b) && rest(a) == rest(b)
    }

    #[test]
    fn what_is_written_reads_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/curves.parquet");
        let targets = [target("TIC 1", 100), target("TIC 2", 0), target("TIC 3", 3000)];
        let mut writer = DatasetWriter::create(&path).unwrap();
        for t in &targets {
            writer.write(t).unwrap();
        }
        assert!(!path.exists(), "appears only when finished");
        assert_eq!(writer.finish().unwrap(), DatasetSummary { targets: 3, segments: 6, cadences: 6200 });
        assert_eq!(std::fs::read_dir(folder.path().join("sub")).unwrap().count(), 1, "no partial file left");

        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        assert!(super::super::is_dataset(reader.schema()));
        let rows: Vec<_> =
            reader.build().unwrap().flat_map(|batch| segments_of_batch(&batch.unwrap()).unwrap()).collect();
        assert_eq!(rows.len(), 6);
        for (row, (t, s)) in rows.iter().zip(targets.iter().flat_map(|t| t.segments.iter().map(move |s| (t, s)))) {
            assert_eq!(row.target_id, t.target_id);
            assert_eq!(row.star, t.star);
            assert!(same(&row.segment, s), "{:?} {:?}", row.segment, s);
        }
    }

    #[test]
    fn half_a_dataset_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.parquet");
        let mut writer = DatasetWriter::create(&path).unwrap();
        writer.write(&target("TIC 1", 10)).unwrap();
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn unequal_columns_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut bad = target("TIC 1", 10);
        bad.segments[0].flux.pop();
        let mut writer = DatasetWriter::create(folder.path().join("x.parquet")).unwrap();
        assert!(matches!(writer.write(&bad), Err(DatasetError::Lengths { time: 10, other: 9, column: "flux", .. })));
    }
}
