//! Batches of a file, or of an object of which only the parts that they need are fetched.

use std::ops::Range;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, RowSelection};
use arrow::array::RecordBatch;

use crate::io::read::error::ReadError;
use crate::io::read::remote::Object;

/// Batches as they are decoded. A failed request comes out as what it is and not in the decoder's words.
pub(super) struct Batches {
    pub(super) reader: ParquetRecordBatchReader,
    pub(super) remote: Option<Object>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.map_err(|error| match self.remote.as_ref().and_then(Object::failure) {
            Some(failure) => failure,
            None => error.into(),
        }))
    }
}

/// Bytes that hold these columns of these rows, for each row group: of a column whose pages have an index the pages with
/// the rows and its dictionary, of others the whole column. Rows are counted through the row groups named, and in order.
pub(super) fn byte_ranges(
    metadata: &ArrowReaderMetadata,
    mask: &ProjectionMask,
    groups: &[usize],
    rows: &[Range<usize>],
) -> Vec<Vec<Range<u64>>> {
    let metadata = metadata.metadata();
    let mut first = 0;
    groups
        .iter()
        .map(|&number| {
            let group = metadata.row_group(number);
            let n = usize::try_from(group.num_rows()).unwrap_or(0);
            let within = rows
                .iter()
                .map(|range| range.start.clamp(first, first + n) - first..range.end.clamp(first, first + n) - first)
                .filter(|range| !range.is_empty());
            let selection = RowSelection::from_consecutive_ranges(within, n);
            first += n;
            let index = metadata.page_index_for_row_group(number);
            let mut ranges = Vec::new();
            for (leaf, column) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
                let (start, length) = column.byte_range();
                match index.offset_index(leaf).map(|index| index.page_locations()) {
                    Some(pages) if !pages.is_empty() => {
                        let first_page = pages.first().and_then(|page| u64::try_from(page.offset).ok());
                        ranges.extend(first_page.filter(|first| start < *first).map(|first| start..first));
                        ranges.extend(selection.scan_ranges(pages));
                    }
                    _ => ranges.push(start..start.saturating_add(length)),
                }
            }
            ranges
        })
        .collect()
}
