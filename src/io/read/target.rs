//! Reads targets.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::config::ReadConfig;
use super::error::{InputError, ReadError};
use super::inputs::{Content, Format, InputFile, content_and_checksum};
use super::look::{Place, tables};
use super::parquet::{self, ParquetFile};
use super::plan::{Part, TargetRef};
use super::source::Source;
use super::supersede::{sort_by_time, supersede};
use super::{fits, npz, text};
use crate::lightcurve::{RawSegment, RawTarget};
use crate::star::Star;

/// A target as read, and what was left out of it.
#[derive(Debug)]
pub struct TargetRead {
    /// `None` where nothing could be read; then `errors` says why.
    pub target: Option<RawTarget>,
    pub errors: Vec<InputError>,
}

/// Segments of a part, and refusals that cost only some of them.
pub(super) type PartRead = (Vec<(RawSegment, Star)>, Vec<InputError>);

/// Reads all light curves of a target, in the order of time.
///
/// A file that cannot be read costs one error, never the others. Of several products of the same photons the preferred
/// one is kept, the others are reported as [`Superseded`](super::ErrorKind::Superseded). `config` must be that of the plan.
pub fn read_target(target: &TargetRef, config: &ReadConfig) -> TargetRead {
    read_targets(std::slice::from_ref(target), config, &OpenFiles::default())
        .pop()
        .unwrap_or(TargetRead { target: None, errors: vec![] })
}

/// Reads several targets as [`read_target`] reads one: each file is opened once, and rows that lie together are read
/// together. A target that makes our code panic costs only itself.
pub fn read_targets(targets: &[TargetRef], config: &ReadConfig, open: &OpenFiles) -> Vec<TargetRead> {
    match (catch_unwind(AssertUnwindSafe(|| read_all(targets, config, open))), targets) {
        (Ok(read), _) => read,
        (Err(panic), [target]) => {
            let message = panic.downcast_ref::<String>().cloned();
            let message = message.or_else(|| panic.downcast_ref::<&str>().map(|m| m.to_string()));
            let error = ReadError::Internal { message: message.unwrap_or_else(|| "unknown panic".into()) };
            let source = target.paths().next().map_or_else(String::new, |path| path.display().to_string());
            vec![TargetRead { target: None, errors: vec![InputError::new(source, Some(&target.target_id), error)] }]
        }
        (Err(_), targets) => targets.chunks(1).flat_map(|one| read_targets(one, config, open)).collect(),
    }
}

fn read_all(targets: &[TargetRef], config: &ReadConfig, open: &OpenFiles) -> Vec<TargetRead> {
    // Parts by file, so that a file is opened once; the order of the parts of each target stays.
    let mut by_file: BTreeMap<&Path, Vec<(usize, &Part)>> = BTreeMap::new();
    for (owner, target) in targets.iter().enumerate() {
        for part in &target.parts {
            by_file.entry(&part.file.path).or_default().push((owner, part));
        }
    }
    let mut read: Vec<PartRead> = targets.iter().map(|_| PartRead::default()).collect();
    for (path, parts) in by_file {
        let results = read_file(path, &parts, targets, config, open);
        for ((owner, _), result) in parts.iter().zip(results) {
            let (segments, errors) = &mut read[*owner];
            match result {
                Ok((more, refused)) => {
                    segments.extend(more);
                    errors.extend(refused);
                }
                Err(error) => {
                    let target_id = Some(targets[*owner].target_id.as_str());
                    errors.push(InputError::new(path.display().to_string(), target_id, error));
                }
            }
        }
    }
    targets.iter().zip(read).map(|(target, (segments, errors))| together(&target.target_id, segments, errors)).collect()
}

/// The light curves of a target as one.
fn together(target_id: &str, read: Vec<(RawSegment, Star)>, mut errors: Vec<InputError>) -> TargetRead {
    let mut segments = Vec::with_capacity(read.len());
    let mut star = Star::default();
    for (segment, known) in read {
        merge(&mut star, known);
        segments.push(segment);
    }
    let (mut segments, superseded) = supersede(segments, target_id);
    errors.extend(superseded);
    sort_by_time(&mut segments);
    let target = (!segments.is_empty()).then(|| RawTarget { target_id: target_id.to_string(), segments, star });
    TargetRead { target, errors }
}

/// Reads parts of one file; one result each.
fn read_file(
    path: &Path,
    parts: &[(usize, &Part)],
    targets: &[TargetRef],
    config: &ReadConfig,
    open: &OpenFiles,
) -> Vec<Result<PartRead, ReadError>> {
    let Some((_, Part { file, place })) = parts.first() else { return vec![] };
    if matches!(place, Place::Parquet(_)) {
        return read_parquet(file, parts, targets, config, open);
    }
    let look = || Source::open(path).and_then(|mut source| content_and_checksum(&mut source, path));
    let content = look().and_then(|(content, found)| match found == **file {
        true => content,
        false => Err(ReadError::Changed),
    });
    match content {
        Ok(content) => parts
            .iter()
            .map(|(owner, part)| read_part(path, &part.place, &content, &targets[*owner].target_id, config))
            .collect(),
        Err(error) => for_each(parts.len(), error, || look().err()),
    }
}

fn read_parquet(
    file: &InputFile,
    parts: &[(usize, &Part)],
    targets: &[TargetRef],
    config: &ReadConfig,
    open: &OpenFiles,
) -> Vec<Result<PartRead, ReadError>> {
    let rows: Vec<Vec<Range<usize>>> = parts
        .iter()
        .map(|(_, part)| match &part.place {
            Place::Parquet(rows) => rows.iter().map(|(start, end)| *start..*end).collect(),
            _ => vec![],
        })
        .collect();
    let wanted: Vec<parquet::Wanted> = parts
        .iter()
        .zip(&rows)
        .map(|((owner, _), rows)| parquet::Wanted { target_id: &targets[*owner].target_id, rows })
        .collect();
    match open.parquet(file, config) {
        Ok(open) => parquet::read(&open, &wanted, config),
        Err(error) => for_each(parts.len(), error, || open.parquet(file, config).err()),
    }
}

/// The same error for each of several parts. One that cannot be copied is had again by trying again.
fn for_each(
    parts: usize,
    error: ReadError,
    try_again: impl Fn() -> Option<ReadError>,
) -> Vec<Result<PartRead, ReadError>> {
    let copies: Vec<ReadError> =
        (1..parts).map(|_| error.again().or_else(&try_again).unwrap_or(ReadError::Changed)).collect();
    std::iter::once(error).chain(copies).take(parts).map(Err).collect()
}

fn read_part(
    path: &Path,
    place: &Place,
    content: &Content,
    target_id: &str,
    config: &ReadConfig,
) -> Result<PartRead, ReadError> {
    let source = path.display().to_string();
    match (place, content.format) {
        (Place::Fits { aperture }, Format::Fits) => {
            let hdus = fits::hdus(&content.bytes)?;
            let tables = tables(&content.bytes, &hdus)?;
            let products = fits::products(&tables, config)?;
            let product = match aperture {
                Some(name) => products.iter().find(|p| p.aperture == *name),
                None => products.first(),
            };
            let product = product.ok_or(ReadError::Changed)?;
            let source = match tables.len() {
                1 => source,
                _ => format!("{source}#{}", product.hdu),
            };
            Ok((vec![fits::segment(&hdus, &tables, product, path, source, config)?], vec![]))
        }
        (Place::Text { target }, Format::Text) => {
            let (segments, refused) = text::segments(&content.text(), path, &source, target, config)?;
            let refused = refused.map(|error| InputError::new(&source, Some(target_id), error));
            Ok((segments.into_iter().map(|s| (s, Star::default())).collect(), refused.into_iter().collect()))
        }
        (Place::Numpy, Format::Numpy) => {
            Ok((vec![(npz::segment(&content.bytes, path, &source, config)?, Star::default())], vec![]))
        }
        _ => Err(ReadError::Changed),
    }
}

/// Parquet files whose footers are kept, the last few that were used: one footer may serve thousands of units.
#[derive(Default)]
pub struct OpenFiles {
    files: Mutex<VecDeque<Arc<ParquetFile>>>,
}

/// Footers kept.
const OPEN_FILES: usize = 8;

impl OpenFiles {
    fn parquet(&self, file: &InputFile, config: &ReadConfig) -> Result<Arc<ParquetFile>, ReadError> {
        let lock = || self.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(open) = lock().iter().find(|f| f.is(file)) {
            return Ok(Arc::clone(open));
        }
        let source = Source::open(&file.path)?;
        let open = ParquetFile::open(source, &file.path, config)?.filter(|f| f.is(file)).ok_or(ReadError::Changed)?;
        let open = Arc::new(open);
        let mut files = lock();
        if files.len() >= OPEN_FILES {
            files.pop_front();
        }
        files.push_back(Arc::clone(&open));
        Ok(open)
    }
}

/// Fills in what is not known yet: the first file that says counts.
fn merge(star: &mut Star, other: Star) {
    star.mass_msun = star.mass_msun.or(other.mass_msun);
    star.radius_rsun = star.radius_rsun.or(other.radius_rsun);
    star.teff_k = star.teff_k.or(other.teff_k);
    star.logg = star.logg.or(other.logg);
    star.rho = star.rho.or(other.rho);
}
