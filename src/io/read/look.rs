//! What one file holds.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::{Apertures, ReadConfig};
use super::contents::Columns;
use super::error::ReadError;
use super::fits::{self, Table};
use super::inputs::{Content, Format, InputFile, content_and_checksum};
use super::parquet::ParquetFile;
use super::source::Source;
use super::{npz, text};

/// Where in a file the light curves of a target are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Rows of a Parquet file, first and end.
    Parquet(Vec<(usize, usize)>),
}

/// What all light curves of a file have.
pub(super) struct About {
    pub columns: Columns,
    /// Sector, quarter or campaign.
    pub label: Option<String>,
}

/// What a file holds.
pub(super) enum Found {
    /// Named targets, or one that only the file's name tells.
    Places(Vec<(Option<String>, Place)>, About),
    Parquet(Box<ParquetFile>),
    /// No light curves, and none expected.
    Nothing,
}

/// Looks into one file. Whatever it holds, it has a size and a checksum, but where it cannot be read at all.
pub(super) fn look(path: &Path, config: &ReadConfig) -> (Option<InputFile>, Result<Found, ReadError>) {
    let looked = Source::open(path).and_then(|mut source| {
        let (content, file) = content_and_checksum(&mut source, path)?;
        Ok((file, content.and_then(|content| found_in(source, path, &content, config))))
    });
    match looked {
        Ok((file, found)) => (Some(file), found),
        Err(error) => (None, Err(error)),
    }
}

fn found_in(source: Source, path: &Path, content: &Content, config: &ReadConfig) -> Result<Found, ReadError> {
    Ok(match content.format {
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
                (Some(target), Place::Fits { aperture })
            };
            let places = match config.apertures {
                Apertures::All if products.len() > 1 => {
                    products.iter().map(|p| one(Some(p.aperture.clone()))).collect()
                }
                _ => vec![one(None)],
            };
            let (columns, label) = products.first().map_or_else(Default::default, |p| p.about(&hdus, &tables));
            Found::Places(places, About { columns, label })
        }
        Format::Text => {
            let text = content.text();
            let layout = text::layout(&text)?;
            let roles = text::text_roles(&layout, config)?;
            let targets = text::text_targets(&text, &layout, &roles, config)?;
            let places = if targets.is_empty() {
                vec![(None, Place::Text { target: String::new() })]
            } else {
                targets.into_iter().map(|target| (Some(target.clone()), Place::Text { target })).collect()
            };
            Found::Places(places, About { columns: Columns::from(&roles), label: None })
        }
        Format::Numpy => {
            let segment = npz::segment(&content.bytes, path, "", config)?;
            let columns = Columns {
                flux_err: segment.flux_err.is_some(),
                quality: segment.flagged.is_some(),
                centroid: segment.centroid.is_some(),
            };
            Found::Places(vec![(None, Place::Numpy)], About { columns, label: None })
        }
        Format::Parquet => match ParquetFile::open(source, path, config)? {
            Some(file) => Found::Parquet(Box::new(file)),
            None => Found::Nothing,
        },
    })
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
