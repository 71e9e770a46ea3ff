//! Which targets the inputs hold.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::config::{Apertures, ReadConfig};
use super::error::{InputError, ReadError};
use super::fits::{self, Table};
use super::inputs::{Content, Format, InputFile, content_and_checksum, expand};
use super::names::file_stem;
use super::parquet::{self, ParquetPart};
use super::{npz, text};

/// What the inputs hold.
#[derive(Debug, Default)]
pub struct Scan {
    /// Sorted by target id.
    pub targets: Vec<TargetRef>,
    /// Files, or parts of files, that hold no light curve; sorted by source.
    pub errors: Vec<InputError>,
    /// All files looked at, sorted by path.
    pub files: Vec<InputFile>,
}

/// A target and where its light curves are, to be read by [`super::read_target`].
#[derive(Clone, Debug)]
pub struct TargetRef {
    pub target_id: String,
    pub(super) parts: Vec<Part>,
}

impl TargetRef {
    /// The files that hold the target's light curves, in the order of their paths.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.path.as_path())
    }
}

/// A light curve, or several, of one target in one file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) place: Place,
}

/// Where in a file.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The best light curve of the file, or the one of an aperture.
    Fits {
        aperture: Option<String>,
    },
    /// The rows of the target, named as in the file.
    Text {
        target: String,
    },
    Numpy,
    Parquet(Box<ParquetPart>),
}

/// What one file holds: named targets, or one that only the file's name tells.
struct Found {
    target: Option<String>,
    place: Place,
}

/// Looks at all inputs: files, folders (with all below them) and globs.
///
/// Files of one target are put together by the names inside them: TICID, KEPLERID or OBJECT of FITS headers, `STAR_NAME`
/// and the like in text, a target column. A file that names no target is one by itself, called by its stem, or with as many
/// folders before it as it takes to tell it from others. The result does not depend on the order of the inputs.
pub fn scan(inputs: &[String], config: &ReadConfig) -> Scan {
    let (paths, mut errors) = expand(inputs);
    let looked: Vec<_> = paths.par_iter().map(|path| look(path, config)).collect();

    let mut files = Vec::new();
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    let mut named: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    let mut unnamed: Vec<Part> = Vec::new();
    for (path, (file, found)) in paths.iter().zip(looked) {
        let source = path.display().to_string();
        if let Some(file) = file {
            let first = seen.get(&file.sha256).cloned();
            seen.entry(file.sha256.clone()).or_insert_with(|| path.clone());
            files.push(file);
            if let Some(first) = first.filter(|_| found.is_ok()) {
                let error = ReadError::DuplicateFile { first: first.display().to_string() };
                errors.push(InputError::new(source, None, error));
                continue;
            }
        }
        match found {
            Ok((found, refused)) => {
                errors.extend(refused);
                for Found { target, place } in found {
                    let part = Part { path: path.clone(), place };
                    match config.target_id.clone().or(target) {
                        Some(target) => named.entry(target).or_default().push(part),
                        None => unnamed.push(part),
                    }
                }
            }
            Err(error) => errors.push(InputError::new(source, None, error)),
        }
    }
    for (target, part) in tell_apart(unnamed) {
        named.entry(target).or_default().push(part);
    }
    errors.sort_by(|a, b| (&a.source, &a.target_id).cmp(&(&b.source, &b.target_id)));
    let targets = named.into_iter().map(|(target_id, parts)| TargetRef { target_id, parts }).collect();
    Scan { targets, errors, files }
}

type Look = (Option<InputFile>, Result<(Vec<Found>, Vec<InputError>), ReadError>);

/// Looks into one file.
fn look(path: &Path, config: &ReadConfig) -> Look {
    match content_and_checksum(path) {
        Ok((content, file)) => (Some(file), content.and_then(|content| targets_of(path, &content, config))),
        Err(error) => (None, Err(error)),
    }
}

fn targets_of(path: &Path, content: &Content, config: &ReadConfig) -> Result<(Vec<Found>, Vec<InputError>), ReadError> {
    match content.format {
        Format::Fits => {
            let hdus = fits::hdus(&content.bytes)?;
            let tables = tables(&content.bytes, &hdus)?;
            let products = fits::products(&tables, config)?;
            let target = fits::file_target(&hdus, path);
            let one = |aperture: Option<String>| {
                let target = match &aperture {
                    Some(aperture) => format!("{target} {aperture}"),
                    None => target.clone(),
                };
                Found { target: Some(target), place: Place::Fits { aperture } }
            };
            let found = match config.apertures {
                Apertures::All if products.len() > 1 => {
                    products.iter().map(|p| one(Some(p.aperture.clone()))).collect()
                }
                _ => vec![one(None)],
            };
            Ok((found, vec![]))
        }
        Format::Text => {
            let text = content.text();
            let layout = text::layout(&text)?;
            let roles = text::text_roles(&layout, config)?;
            let targets = text::text_targets(&text, &layout, &roles, config)?;
            let found = if targets.is_empty() {
                vec![Found { target: None, place: Place::Text { target: String::new() } }]
            } else {
                let place = |target: &String| Place::Text { target: target.clone() };
                targets.iter().map(|t| Found { target: Some(t.clone()), place: place(t) }).collect()
            };
            Ok((found, vec![]))
        }
        Format::Numpy => {
            npz::segment(&content.bytes, path, "", config)?;
            Ok((vec![Found { target: None, place: Place::Numpy }], vec![]))
        }
        Format::Parquet => {
            let (parts, errors) = parquet::targets(path, config)?;
            let found = parts
                .into_iter()
                .map(|(target, part)| Found { target, place: Place::Parquet(Box::new(part)) })
                .collect();
            Ok((found, errors))
        }
    }
}

/// The tables of a FITS file. A damaged one is an error only if no sound one comes before it.
pub(in crate::io) fn tables<'a>(bytes: &'a [u8], hdus: &'a [fits::Hdu]) -> Result<Vec<Table<'a>>, ReadError> {
    let mut found = Vec::new();
    for hdu in hdus {
        match Table::new(bytes, hdu) {
            Ok(table) => found.extend(table),
            Err(error) if found.is_empty() => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(found)
}

/// Names for files that name no target themselves: the stem, with folders before it, or the whole file name, where
/// others share it.
fn tell_apart(parts: Vec<Part>) -> Vec<(String, Part)> {
    let mut by_stem: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for part in parts {
        by_stem.entry(file_stem(&part.path)).or_default().push(part);
    }
    let mut out = Vec::new();
    for (stem, parts) in by_stem {
        if parts.len() == 1 {
            out.extend(parts.into_iter().map(|part| (stem.clone(), part)));
            continue;
        }
        let name = |part: &Part, depth: usize, whole: bool| -> String {
            let folders: Vec<String> = part
                .path
                .parent()
                .into_iter()
                .flat_map(Path::components)
                .map(|c| c.as_os_str().to_string_lossy().into_owned())
                .collect();
            let last = match whole {
                true => part.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                false => stem.clone(),
            };
            folders[folders.len().saturating_sub(depth)..].iter().cloned().chain([last]).collect::<Vec<_>>().join("/")
        };
        let distinct = |depth: usize, whole: bool| {
            let mut names: Vec<String> = parts.iter().map(|p| name(p, depth, whole)).collect();
            names.sort_unstable();
            names.windows(2).all(|w| w[0] != w[1])
        };
        let deepest = parts.iter().map(|p| p.path.components().count()).max().unwrap_or(0);
        let choices = [(0, true)].into_iter().chain((1..=deepest).flat_map(|d| [(d, false), (d, true)]));
        let (depth, whole) = choices.into_iter().find(|(d, w)| distinct(*d, *w)).unwrap_or((deepest, true));
        let names: Vec<String> = parts.iter().map(|p| name(p, depth, whole)).collect();
        out.extend(names.into_iter().zip(parts));
    }
    out
}
