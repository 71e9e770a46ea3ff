//! The rows of a dataset that are not yet encoded.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    UInt8Builder,
};
use arrow::datatypes::SchemaRef;

use super::compact::{self, Counts};
use super::schema::{Precision, STAR_COLUMNS};
use crate::lightcurve::{RawSegment, RawTarget};
use crate::star::{Measured, Star};

/// Builders of all columns, in the order of the schema but for the scales.
pub(super) struct Columns {
    schema: SchemaRef,
    cadences: usize,
    rows: usize,
    target_id: StringBuilder,
    segment: StringBuilder,
    source: StringBuilder,
    band: StringBuilder,
    time_offset: Float64Builder,
    exposure_time: Float64Builder,
    preference: UInt8Builder,
    time: Series,
    flux: Series,
    flux_err: Series,
    flagged: ListBuilder<BooleanBuilder>,
    centroid_column: Series,
    centroid_row: Series,
    momentum_dumps: ListBuilder<Float64Builder>,
    star: Vec<Float64Builder>,
}

impl Columns {
    pub(super) fn new(schema: SchemaRef, precision: Precision) -> Self {
        Self {
            schema,
            cadences: 0,
            rows: 0,
            target_id: StringBuilder::new(),
            segment: StringBuilder::new(),
            source: StringBuilder::new(),
            band: StringBuilder::new(),
            time_offset: Float64Builder::new(),
            exposure_time: Float64Builder::new(),
            preference: UInt8Builder::new(),
            time: Series::times(precision),
            flux: Series::scattered(precision),
            flux_err: Series::sizes(precision),
            flagged: ListBuilder::new(BooleanBuilder::new()),
            centroid_column: Series::scattered(precision),
            centroid_row: Series::scattered(precision),
            momentum_dumps: ListBuilder::default(),
            star: (0..2 * STAR_COLUMNS.len()).map(|_| Float64Builder::new()).collect(),
        }
    }

    /// Cadences of the rows held.
    pub(super) fn cadences(&self) -> usize {
        self.cadences
    }

    pub(super) fn push(&mut self, target: &RawTarget, segment: &RawSegment) {
        self.target_id.append_value(&target.target_id);
        self.segment.append_value(&segment.label);
        self.source.append_value(&segment.source);
        self.band.append_option(segment.band.as_deref());
        self.time_offset.append_option(segment.time_system.offset());
        self.exposure_time.append_option(segment.exposure_time);
        self.preference.append_value(segment.preference);
        self.time.push(Some(&segment.time));
        self.flux.push(Some(&segment.flux));
        self.flux_err.push(segment.flux_err.as_deref());
        if let Some(flagged) = &segment.flagged {
            self.flagged.values().append_slice(flagged);
        }
        self.flagged.append(segment.flagged.is_some());
        self.centroid_column.push(segment.centroid.as_ref().map(|c| c.column.as_slice()));
        self.centroid_row.push(segment.centroid.as_ref().map(|c| c.row.as_slice()));
        self.momentum_dumps.values().append_slice(&segment.momentum_dumps);
        self.momentum_dumps.append(!segment.momentum_dumps.is_empty());
        for (pair, measured) in self.star.chunks_exact_mut(2).zip(star_fields(&target.star)) {
            pair[0].append_option(measured.map(|m| m.value));
            pair[1].append_option(measured.map(|m| m.err));
        }
        self.cadences += segment.time.len();
        self.rows += 1;
    }

    /// The rows held, if any, and forgets them.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>, arrow::error::ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.cadences) = (0, 0);
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.target_id.finish()),
            Arc::new(self.segment.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.band.finish()),
            Arc::new(self.time_offset.finish()),
            Arc::new(self.exposure_time.finish()),
            Arc::new(self.preference.finish()),
            self.time.finish(),
            self.flux.finish(),
            self.flux_err.finish(),
            Arc::new(self.flagged.finish()),
            self.centroid_column.finish(),
            self.centroid_row.finish(),
            Arc::new(self.momentum_dumps.finish()),
        ];
        arrays.extend(self.star.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef));
        let series =
            [&mut self.time, &mut self.flux, &mut self.flux_err, &mut self.centroid_column, &mut self.centroid_row];
        arrays.extend(series.into_iter().flat_map(Series::scales));
        RecordBatch::try_new(self.schema.clone(), arrays).map(Some)
    }
}

fn star_fields(star: &Star) -> [Option<Measured>; 5] {
    [star.mass_msun, star.radius_rsun, star.teff_k, star.logg, star.rho]
}

/// A list of numbers a row: to the last bit, or as counts of steps with their scale.
enum Series {
    Exact(ListBuilder<Float64Builder>),
    /// Counts beyond 32 bits.
    Times {
        lists: ListBuilder<Int64Builder>,
        zero: Float64Builder,
        step: Float64Builder,
    },
    Scattered {
        lists: ListBuilder<Int32Builder>,
        zero: Float64Builder,
        step: Float64Builder,
    },
    /// Counted from nothing.
    Sizes {
        lists: ListBuilder<Int32Builder>,
        step: Float64Builder,
    },
}

impl Series {
    fn new(precision: Precision, compact: Self) -> Self {
        match precision {
            Precision::Exact => Self::Exact(ListBuilder::default()),
            Precision::Compact => compact,
        }
    }

    fn times(precision: Precision) -> Self {
        let (lists, zero, step) = Default::default();
        Self::new(precision, Self::Times { lists, zero, step })
    }

    fn scattered(precision: Precision) -> Self {
        let (lists, zero, step) = Default::default();
        Self::new(precision, Self::Scattered { lists, zero, step })
    }

    fn sizes(precision: Precision) -> Self {
        let (lists, step) = Default::default();
        Self::new(precision, Self::Sizes { lists, step })
    }

    fn push(&mut self, values: Option<&[f64]>) {
        match self {
            Self::Exact(lists) => {
                lists.values().append_slice(values.unwrap_or_default());
                lists.append(values.is_some());
            }
            Self::Times { lists, zero, step } => {
                let placed = values.map(compact::time);
                lists.values().extend(placed.iter().flat_map(|p| p.counts.iter().copied()));
                lists.append(values.is_some());
                zero.append_option(placed.as_ref().map(|p| p.zero));
                step.append_option(placed.map(|p| p.step));
            }
            Self::Scattered { lists, zero, step } => {
                let placed = values.map(compact::by_scatter);
                push_counts(lists, placed.as_ref());
                zero.append_option(placed.as_ref().map(|p| p.zero));
                step.append_option(placed.map(|p| p.step));
            }
            Self::Sizes { lists, step } => {
                let placed = values.map(compact::by_size);
                push_counts(lists, placed.as_ref());
                step.append_option(placed.map(|p| p.step));
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Exact(lists) => Arc::new(lists.finish()),
            Self::Times { lists, .. } => Arc::new(lists.finish()),
            Self::Scattered { lists, .. } | Self::Sizes { lists, .. } => Arc::new(lists.finish()),
        }
    }

    /// What turns counts into numbers: zero, step.
    fn scales(&mut self) -> Vec<ArrayRef> {
        let builders = match self {
            Self::Exact(_) => vec![],
            Self::Times { zero, step, .. } | Self::Scattered { zero, step, .. } => vec![zero, step],
            Self::Sizes { step, .. } => vec![step],
        };
        builders.into_iter().map(|b| Arc::new(b.finish()) as ArrayRef).collect()
    }
}

fn push_counts(lists: &mut ListBuilder<Int32Builder>, placed: Option<&Counts>) {
    if let Some(placed) = placed {
        // No count is larger: `Counts` widens the step for that.
        lists.values().extend(placed.counts.iter().map(|n| n.map(|n| n as i32)));
    }
    lists.append(placed.is_some());
}
