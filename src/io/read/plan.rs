//! Which targets the inputs hold, cut into units of work.
//!
//! Memory: a few megabytes and a few hundred bytes a file and a unit, whatever the number of targets. What grows with the
//! targets lies in files without names below [`PlanOptions::scratch`].

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::ReadConfig;
use super::contents::Contents;
use super::error::{InputError, ReadError};
use super::inputs::{InputFile, expand, same_bytes};
use super::look::{Found, Place, look};
use super::names::tell_apart;
use super::spool::{BUDGET, Sorter, Spool};

/// Files looked at in one go, in parallel.
const FILES_AT_ONCE: usize = 128;
/// Most targets in a unit, on average.
const UNIT_TARGETS: usize = 64;
/// Units there should be at least, where there are as many targets: enough for any machine's cores to end together.
const UNITS: usize = 512;
/// Light curves in a unit, on average, in bytes.
const UNIT_BYTES: u64 = 8 << 20;
/// A unit may have this many times the average.
const LARGEST_UNIT: u64 = 4;

/// In which order targets come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they lie in the files, files by path: each part of a file is read once.
    Place,
    /// By target id.
    Target,
}

/// How to plan.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    pub order: Order,
    /// Targets in a unit, on average; `None` for 64, or fewer where there are few targets in all.
    pub unit_targets: Option<usize>,
    /// Folder for what does not fit into memory; made when needed.
    pub scratch: PathBuf,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { order: Order::Place, unit_targets: None, scratch: std::env::temp_dir() }
    }
}

/// What the inputs hold.
pub struct Plan {
    /// Files, or parts of files, that hold no light curve; sorted by source.
    pub errors: Vec<InputError>,
    /// All files looked at, sorted by path.
    pub files: Vec<Arc<InputFile>>,
    /// Units of work, in order.
    pub units: Vec<Unit>,
    /// Targets in all units.
    pub targets: usize,
    pub contents: Contents,
    records: Spool,
}

/// Targets that follow each other and are read and worked on together.
///
/// Where a unit ends depends on the targets in it (their ids and sizes) and not on how many come before it, so a target
/// that is new or gone changes one unit, not all that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Of the target ids, the names and checksums of their files, and where in these they are.
    pub digest: [u8; 16],
    pub targets: usize,
    /// About how many bytes their light curves take.
    pub weight: u64,
    start: u64,
    bytes: usize,
}

/// A target and where its light curves are.
#[derive(Clone, Debug)]
pub struct TargetRef {
    pub target_id: String,
    pub(super) parts: Vec<Part>,
}

impl TargetRef {
    /// The files that hold the target's light curves, in the order of their paths.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.file.path.as_path())
    }
}

/// Light curves of one target in one file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) file: Arc<InputFile>,
    pub(super) place: Place,
}

/// A part as it is told by a file.
#[derive(Serialize, Deserialize)]
struct Told {
    file: usize,
    place: Place,
    weight: u64,
    /// Parts with the same number are best read together.
    with: Option<usize>,
}

/// A target as it is kept in the spool.
#[derive(Serialize, Deserialize)]
struct Record {
    target_id: String,
    parts: Vec<(usize, Place)>,
}

/// Looks at all inputs: files, folders (with all below them) and globs.
///
/// Files of one target are put together by the names inside them: TICID, KEPLERID or OBJECT of FITS headers, `STAR_NAME`
/// and the like in text, a target column. A file that names no target is one by itself, called by its stem, or with as many
/// folders before it as it takes to tell it from others. The result does not depend on the order of the inputs. An error is
/// one of the scratch files.
pub fn plan(inputs: &[String], config: &ReadConfig, options: &PlanOptions) -> io::Result<Plan> {
    let (paths, errors) = expand(inputs);
    let mut looking = Looking {
        config,
        errors,
        files: Vec::new(),
        seen: HashMap::new(),
        unnamed: Vec::new(),
        contents: Contents::default(),
        told: Sorter::new(&options.scratch, BUDGET),
    };
    for paths in paths.chunks(FILES_AT_ONCE) {
        let looked: Vec<_> = paths.par_iter().map(|path| look(path, config)).collect();
        for (path, (file, found)) in paths.iter().zip(looked) {
            looking.add(path, file, found)?;
        }
    }
    for ((file, place, weight, with), name) in
        tell_apart(looking.unnamed, |(file, ..)| looking.files[*file].path.clone())
    {
        tell(&mut looking.told, &name, &Told { file, place, weight, with })?;
    }
    let mut errors = looking.errors;
    errors.sort_by(|a, b| (&a.source, &a.target_id).cmp(&(&b.source, &b.target_id)));
    cut(looking.told, looking.files, errors, looking.contents, options)
}

fn tell(told: &mut Sorter, name: &str, part: &Told) -> io::Result<()> {
    told.push(name.as_bytes().to_vec(), serde_json::to_vec(part)?)
}

/// A light curve that no name tells: file, place, weight, what it is best read with.
type Unnamed = (usize, Place, u64, Option<usize>);

struct Looking<'a> {
    config: &'a ReadConfig,
    errors: Vec<InputError>,
    files: Vec<Arc<InputFile>>,
    seen: HashMap<String, PathBuf>,
    unnamed: Vec<Unnamed>,
    contents: Contents,
    told: Sorter,
}

impl Looking<'_> {
    fn add(&mut self, path: &Path, file: Option<InputFile>, found: Result<Found, ReadError>) -> io::Result<()> {
        let source = path.display().to_string();
        let number = self.files.len();
        let mut bytes = 0;
        let mut again = None;
        if let Some(file) = file {
            bytes = file.bytes;
            match self.seen.get(&file.checksum) {
                // The checksum of a Parquet file is not of all its bytes.
                Some(first) if same_bytes(first, path).unwrap_or(false) => again = Some(first.display().to_string()),
                Some(_) => {}
                None => {
                    self.seen.insert(file.checksum.clone(), path.to_path_buf());
                }
            }
            self.files.push(Arc::new(file));
        }
        let found = match (found, again) {
            (Ok(_), Some(first)) => Err(ReadError::DuplicateFile { first }),
            (found, _) => found,
        };
        match found {
            Ok(Found::Nothing) => {}
            Ok(Found::Places(places, about)) => {
                self.contents.file(about.columns);
                self.contents.light_curves(about.label.as_deref().unwrap_or_default(), places.len() as u64);
                let weight = bytes / places.len().max(1) as u64;
                for (name, place) in places {
                    self.tell(name, (number, place, weight, None))?;
                }
            }
            Ok(Found::Parquet(parquet)) => {
                let mut segments = Contents::default();
                let told = parquet.targets(&mut segments, &mut |name, rows| {
                    let (weight, with) = (parquet.weight(&rows), parquet.read_with(&rows));
                    let place = Place::Parquet(vec![(rows.start, rows.end)]);
                    Ok(self.tell(name, (number, place, weight, with))?)
                });
                self.contents.file(parquet.columns());
                for (label, count) in &segments.segments {
                    self.contents.light_curves(label, *count);
                }
                match told {
                    Ok(refused) => self.errors.extend(refused),
                    Err(error) => self.errors.push(InputError::new(source, None, error)),
                }
            }
            Err(error) => self.errors.push(InputError::new(source, None, error)),
        }
        Ok(())
    }

    fn tell(&mut self, name: Option<String>, part: Unnamed) -> io::Result<()> {
        match self.config.target_id.clone().or(name) {
            Some(name) => {
                let (file, place, weight, with) = part;
                tell(&mut self.told, &name, &Told { file, place, weight, with })
            }
            None => {
                self.unnamed.push(part);
                Ok(())
            }
        }
    }
}

/// A target with all its parts, before units are cut.
#[derive(Serialize, Deserialize)]
struct Gathered {
    record: Record,
    weight: u64,
    with: Option<(usize, usize)>,
}

impl Gathered {
    fn new(target_id: String, part: Told) -> Self {
        let with = part.with.map(|with| (part.file, with));
        Self { record: Record { target_id, parts: vec![(part.file, part.place)] }, weight: part.weight, with }
    }

    fn add(&mut self, part: Told) {
        self.weight = self.weight.saturating_add(part.weight);
        match (self.record.parts.last_mut(), part.place) {
            (Some((file, Place::Parquet(rows))), Place::Parquet(more)) if *file == part.file => rows.extend(more),
            (_, place) => self.record.parts.push((part.file, place)),
        }
    }

    fn key(&self, order: Order) -> Vec<u8> {
        let mut key = Vec::new();
        if let (Order::Place, Some((file, place))) = (order, self.record.parts.first()) {
            let row = match place {
                Place::Parquet(rows) => rows.first().map_or(0, |r| r.0),
                _ => 0,
            };
            key.extend((*file as u64).to_be_bytes());
            key.extend((row as u64).to_be_bytes());
        }
        key.extend(self.record.target_id.as_bytes());
        key
    }
}

/// Gathers the parts of each target, puts the targets in order and cuts units.
fn cut(
    told: Sorter,
    files: Vec<Arc<InputFile>>,
    errors: Vec<InputError>,
    contents: Contents,
    options: &PlanOptions,
) -> io::Result<Plan> {
    let mut ordered = Sorter::new(&options.scratch, BUDGET);
    let mut targets = 0;
    let mut last: Option<Gathered> = None;
    let mut keep = |gathered: Gathered| {
        targets += 1;
        ordered.push(gathered.key(options.order), serde_json::to_vec(&gathered)?)
    };
    for record in told.finish()? {
        let (name, part) = record?;
        let part: Told = serde_json::from_slice(&part)?;
        match &mut last {
            Some(gathered) if gathered.record.target_id.as_bytes() == name => gathered.add(part),
            _ => {
                let target_id = String::from_utf8_lossy(&name).into_owned();
                if let Some(gathered) = last.replace(Gathered::new(target_id, part)) {
                    keep(gathered)?;
                }
            }
        }
    }
    if let Some(gathered) = last {
        keep(gathered)?;
    }
    let mut cutting = Cutting {
        average: options.unit_targets.unwrap_or_else(|| unit_targets(targets)).max(1),
        files: &files,
        units: Vec::new(),
        hash: Sha256::new(),
        with: None,
        records: Spool::new(&options.scratch, BUDGET),
    };
    for record in ordered.finish()? {
        cutting.add(&serde_json::from_slice(&record?.1)?)?;
    }
    cutting.close();
    let (units, records) = (cutting.units, cutting.records);
    Ok(Plan { errors, files, units, targets, contents, records })
}

/// Targets in a unit, on average, of this many: a power of two, so that cuts stay where they are while targets are added.
fn unit_targets(targets: usize) -> usize {
    let most = (targets / UNITS).clamp(1, UNIT_TARGETS);
    1 << most.ilog2()
}

struct Cutting<'a> {
    average: usize,
    files: &'a [Arc<InputFile>],
    units: Vec<Unit>,
    hash: Sha256,
    with: Option<(usize, usize)>,
    records: Spool,
}

impl Cutting<'_> {
    fn add(&mut self, gathered: &Gathered) -> io::Result<()> {
        let (start, weight) = (self.records.len(), gathered.weight);
        let glued = self.with.is_some() && self.with == gathered.with;
        let ends = self.units.last().is_none_or(|unit| {
            let full = unit.targets as u64 >= LARGEST_UNIT * self.average as u64
                || unit.weight.saturating_add(weight) > LARGEST_UNIT * UNIT_BYTES;
            // With this chance a new unit begins: on average every so many targets, or bytes.
            let chance = (weight as f64 / UNIT_BYTES as f64).max(1.0 / self.average as f64);
            !glued && (full || fraction(&gathered.record.target_id) < chance)
        });
        if ends {
            self.close();
            self.units.push(Unit { digest: [0; 16], targets: 0, weight: 0, start, bytes: 0 });
        }
        self.with = gathered.with;
        let mut line = serde_json::to_vec(&gathered.record)?;
        line.push(b'\n');
        self.hash.update(&gathered.record.target_id);
        for (file, place) in &gathered.record.parts {
            let file = &self.files[*file];
            self.hash.update([0]);
            self.hash.update(file.path.to_string_lossy().as_bytes());
            self.hash.update([0]);
            self.hash.update(&file.checksum);
            self.hash.update(serde_json::to_vec(place)?);
        }
        self.hash.update([0]);
        self.records.push(&line)?;
        if let Some(unit) = self.units.last_mut() {
            unit.targets += 1;
            unit.weight = unit.weight.saturating_add(weight);
            unit.bytes += line.len();
        }
        Ok(())
    }

    fn close(&mut self) {
        let digest = self.hash.finalize_reset();
        if let (Some(unit), Some(first)) = (self.units.last_mut(), digest.first_chunk()) {
            unit.digest = *first;
        }
    }
}

/// A number in 0..1 that looks random, of a target's id (FNV-1a and a finaliser).
fn fraction(target_id: &str) -> f64 {
    let mut hash =
        target_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((hash ^ (hash >> 32)) >> 11) as f64 / (1_u64 << 53) as f64
}

impl Plan {
    /// The targets of a unit, in order.
    pub fn targets_of(&self, unit: &Unit) -> io::Result<Vec<TargetRef>> {
        let lines = self.records.read(unit.start, unit.bytes)?;
        lines
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                let record: Record = serde_json::from_slice(line)?;
                let part = |(file, place): (usize, Place)| Part { file: Arc::clone(&self.files[file]), place };
                Ok(TargetRef { target_id: record.target_id, parts: record.parts.into_iter().map(part).collect() })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
