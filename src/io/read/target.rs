//! Reads one target.

use super::config::ReadConfig;
use super::error::{InputError, ReadError};
use super::inputs::{Format, content};
use super::scan::{Part, Place, TargetRef, tables};
use super::supersede::{sort_by_time, supersede};
use super::{fits, npz, parquet, text};
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
/// one is kept, the others are reported as [`Superseded`](super::ErrorKind::Superseded). `config` must be that of the scan.
pub fn read_target(target: &TargetRef, config: &ReadConfig) -> TargetRead {
    let target_id = &target.target_id;
    let mut segments = Vec::new();
    let mut star = Star::default();
    let mut errors = Vec::new();
    for part in &target.parts {
        match read_part(part, target_id, config) {
            Ok((read, refused)) => {
                errors.extend(refused);
                for (segment, known) in read {
                    merge(&mut star, known);
                    segments.push(segment);
                }
            }
            Err(error) => errors.push(InputError::new(part.path.display().to_string(), Some(target_id), error)),
        }
    }
    let (mut segments, superseded) = supersede(segments, target_id);
    errors.extend(superseded);
    sort_by_time(&mut segments);
    let target = (!segments.is_empty()).then(|| RawTarget { target_id: target_id.clone(), segments, star });
    TargetRead { target, errors }
}

fn read_part(part: &Part, target_id: &str, config: &ReadConfig) -> Result<PartRead, ReadError> {
    let path = part.path.as_path();
    let source = path.display().to_string();
    let place = match &part.place {
        Place::Parquet(rows) => return parquet::read(path, rows, target_id, config),
        place => place,
    };
    let content = content(path)?;
    match (place, content.format) {
        (Place::Fits { aperture }, Format::Fits) => {
            let hdus = fits::hdus(&content.bytes)?;
            let tables = tables(&content.bytes, &hdus)?;
            let products = fits::products(&tables, config)?;
            let product = match aperture {
                Some(name) => products.iter().find(|p| p.aperture == *name),
                None => products.first(),
            };
            let product = product.ok_or_else(changed)?;
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
        _ => Err(changed()),
    }
}

/// The file is not what the scan saw.
fn changed() -> ReadError {
    ReadError::UnknownFormat { why: "the file has changed since it was scanned".into() }
}

/// Fills in what is not known yet: the first file that says counts.
fn merge(star: &mut Star, other: Star) {
    star.mass_msun = star.mass_msun.or(other.mass_msun);
    star.radius_rsun = star.radius_rsun.or(other.radius_rsun);
    star.teff_k = star.teff_k.or(other.teff_k);
    star.logg = star.logg.or(other.logg);
    star.rho = star.rho.or(other.rho);
}
