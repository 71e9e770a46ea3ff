//! Rows of several targets, read in one go.

use std::ops::Range;

use arrow::array::RecordBatch;

use super::arrays::{Words, lists, numbers};
use super::layout::Shape;
use super::segments::{Curve, segments};
use super::{BATCH_CADENCES, BATCH_ROWS, ParquetFile, guarded};
use crate::io::dataset;
use crate::io::read::config::ReadConfig;
use crate::io::read::error::{InputError, ReadError};
use crate::io::read::names::file_stem;
use crate::io::read::target::PartRead;
use crate::lightcurve::Centroid;
use crate::star::Star;

/// A target and its rows in the file, in order.
pub(in crate::io::read) struct Wanted<'a> {
    pub(in crate::io::read) target_id: &'a str,
    pub(in crate::io::read) rows: &'a [Range<usize>],
}

/// Reads the light curves of several targets, one result each.
///
/// All are read together, each page once. Only where that fails is each read by itself, so that a damaged page costs those
/// targets that have rows in it and no other.
pub(in crate::io::read) fn read(
    file: &ParquetFile,
    wanted: &[Wanted],
    config: &ReadConfig,
) -> Vec<Result<PartRead, ReadError>> {
    match guarded(|| read_together(file, wanted, config)) {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(error) if wanted.len() == 1 => vec![Err(error)],
        // What cannot be had at all is not asked for once more for each of them.
        Err(error) if error.again().is_some() => wanted.iter().filter_map(|_| error.again()).map(Err).collect(),
        Err(_) => wanted.chunks(1).flat_map(|one| read(file, one, config)).collect(),
    }
}

fn read_together(file: &ParquetFile, wanted: &[Wanted], config: &ReadConfig) -> Result<Vec<PartRead>, ReadError> {
    let mut owned: Vec<(Range<usize>, usize)> =
        wanted.iter().enumerate().flat_map(|(i, w)| w.rows.iter().map(move |r| (r.clone(), i))).collect();
    owned.sort_unstable_by_key(|(rows, owner)| (rows.start, *owner));
    let ranges: Vec<Range<usize>> = owned.iter().map(|(rows, _)| rows.clone()).collect();
    let expected: usize = ranges.iter().map(ExactSizeIterator::len).sum();
    // Number and owner of each row, as they come.
    let mut rows = owned.into_iter().flat_map(|(rows, owner)| rows.map(move |row| (row, owner)));
    let layout = &file.layout;
    let (columns, batch_rows) = match layout.shape {
        Shape::Dataset => ((0..layout.names.len()).collect(), BATCH_ROWS),
        Shape::Lists | Shape::Nested(_) => (layout.columns(), BATCH_ROWS),
        Shape::Cadences => (layout.columns(), BATCH_CADENCES),
    };
    let mut into =
        Into { file, wanted, config, read: wanted.iter().map(|_| PartRead::default()).collect(), curves: vec![] };
    let mut found = 0;
    for batch in file.reader(&columns, batch_rows, &ranges)? {
        let batch = batch?;
        found += batch.num_rows();
        let owners: Vec<(usize, usize)> = rows.by_ref().take(batch.num_rows()).collect();
        if owners.len() != batch.num_rows() {
            break;
        }
        match layout.shape {
            Shape::Dataset => into.dataset(&batch, &owners)?,
            Shape::Lists | Shape::Nested(_) => into.lists(&batch, &owners)?,
            Shape::Cadences => into.cadences(&batch, &owners)?,
        }
    }
    if found != expected {
        return Err(ReadError::RowsMissing { expected, found });
    }
    Ok(into.finish())
}

/// What has been read, by target.
struct Into<'a> {
    file: &'a ParquetFile,
    wanted: &'a [Wanted<'a>],
    config: &'a ReadConfig,
    read: Vec<PartRead>,
    /// Light curves of cadences that are not complete yet, with their owners.
    curves: Vec<(usize, Curve)>,
}

impl Into<'_> {
    fn dataset(&mut self, batch: &RecordBatch, owners: &[(usize, usize)]) -> Result<(), ReadError> {
        for (row, (_, owner)) in dataset::segments_of_batch(batch)?.into_iter().zip(owners) {
            self.read[*owner].0.push((row.segment, row.star));
        }
        Ok(())
    }

    /// What a row says it is, or the folder of its file.
    fn label(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        self.file.layout.label(batch, row).or_else(|| self.file.label.clone())
    }

    fn add(&mut self, owner: usize, source: String, curve: Result<Curve, ReadError>) {
        let (read, errors) = &mut self.read[owner];
        match curve.and_then(|curve| segments(curve, &self.file.layout, self.config)) {
            Ok(segments) => read.extend(segments.into_iter().map(|s| (s, Star::default()))),
            Err(error) => errors.push(InputError::new(source, Some(self.wanted[owner].target_id), error)),
        }
    }

    fn lists(&mut self, batch: &RecordBatch, owners: &[(usize, usize)]) -> Result<(), ReadError> {
        let layout = &self.file.layout;
        let batch = layout.flatten(batch)?;
        let column = |index: usize| lists(batch.column(index), batch.schema().field(index).name());
        let roles = layout.roles_in(&batch)?;
        let (time, flux) = (column(roles.time)?, column(roles.flux)?);
        let flux_err = roles.flux_err.map(column).transpose()?;
        let quality = roles.quality.map(column).transpose()?;
        let centroid = roles.centroid.map(|(c, r)| Ok::<_, ReadError>((column(c)?, column(r)?))).transpose()?;
        for (row, &(number, owner)) in owners.iter().enumerate() {
            let source = format!("{}#{number}", self.file.path.display());
            let name = |index: usize| batch.schema().field(index).name().clone();
            let need =
                |values: Option<Vec<f64>>, index: usize| values.ok_or(ReadError::NullRow { column: name(index) });
            let curve = need(time.row(row), roles.time).and_then(|time| {
                Ok(Curve {
                    label: self.label(&batch, row).unwrap_or_else(|| number.to_string()),
                    source: source.clone(),
                    time,
                    flux: need(flux.row(row), roles.flux)?,
                    flux_err: flux_err.as_ref().and_then(|c| c.row(row)),
                    quality: quality.as_ref().and_then(|c| c.row(row)),
                    centroid: centroid
                        .as_ref()
                        .and_then(|(c, r)| Some(Centroid { column: c.row(row)?, row: r.row(row)? })),
                    band: layout.band(&batch, row)?,
                })
            });
            self.add(owner, source, curve);
        }
        Ok(())
    }

    fn cadences(&mut self, batch: &RecordBatch, owners: &[(usize, usize)]) -> Result<(), ReadError> {
        let (layout, path) = (&self.file.layout, &self.file.path);
        let roles = layout.roles_in(batch)?;
        let column = |index: usize| numbers(batch.column(index), batch.schema().field(index).name());
        let (time, flux) = (column(roles.time)?, column(roles.flux)?);
        let flux_err = roles.flux_err.map(column).transpose()?;
        let quality = roles.quality.map(column).transpose()?;
        let centroid = roles.centroid.map(|(c, r)| Ok::<_, ReadError>((column(c)?, column(r)?))).transpose()?;
        let bands = layout.bands(batch)?;
        for (row, &(_, owner)) in owners.iter().enumerate() {
            // Cadences of one quarter or sector are one light curve, in the order in which they first appear.
            let label = self.label(batch, row).unwrap_or_else(|| file_stem(path));
            let at = match self.curves.iter().rposition(|(o, c)| *o == owner && c.label == label) {
                Some(at) => at,
                None => {
                    let curve = Curve {
                        label,
                        source: path.display().to_string(),
                        time: vec![],
                        flux: vec![],
                        flux_err: flux_err.is_some().then(Vec::new),
                        quality: quality.is_some().then(Vec::new),
                        centroid: centroid.is_some().then(Centroid::default),
                        band: bands.as_ref().map_or(Words::None, |_| Words::Many(vec![])),
                    };
                    self.curves.push((owner, curve));
                    self.curves.len() - 1
                }
            };
            let curve = &mut self.curves[at].1;
            curve.time.push(time[row]);
            curve.flux.push(flux[row]);
            for (out, values) in [(&mut curve.flux_err, &flux_err), (&mut curve.quality, &quality)] {
                if let (Some(out), Some(values)) = (out.as_mut(), values) {
                    out.push(values[row]);
                }
            }
            if let (Some(out), Some((column, line))) = (curve.centroid.as_mut(), &centroid) {
                out.column.push(column[row]);
                out.row.push(line[row]);
            }
            if let (Words::Many(out), Some(values)) = (&mut curve.band, &bands) {
                out.push(values[row].clone().unwrap_or_default());
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<PartRead> {
        for (owner, curve) in std::mem::take(&mut self.curves) {
            self.add(owner, curve.source.clone(), Ok(curve));
        }
        self.read
    }
}
