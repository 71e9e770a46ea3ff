//! What an inspection shows of a Parquet file.

use std::path::Path;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::arrays::{self, lists, numbers};
use super::guarded;
use crate::io::read::error::ReadError;
use crate::io::read::source::Source;

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
        let builder = ParquetRecordBatchReaderBuilder::try_new(Source::open(path)?)?;
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
