//! The light curves that a FITS file offers, by the layouts of the missions and pipelines.

use std::path::Path;

use super::layouts::Errors::{Absent, Column as InColumn, Keyword};
use super::layouts::{Errors, IMAGE_MOTION, LAYOUTS, Layout};
use super::{FitsError, Hdu, Header, Table};
use crate::io::read::columns::{CENTROIDS, roles};
use crate::io::read::config::{FluxColumn, ReadConfig};
use crate::io::read::contents::Columns;
use crate::io::read::draft::{Draft, PREFERENCE_PLAIN};
use crate::io::read::error::ReadError;
use crate::io::read::names::{Catalogue, catalogue_id, file_stem, mission_file_target};
use crate::io::read::quality::{FlagSystem, QualityMask};
use crate::io::read::time_scale::{stated_offset, time_system};
use crate::lightcurve::{Centroid, RawSegment, TimeSystem};
use crate::star::{DAY_S, Measured, Star};

/// One light curve that a file offers: a table and its columns.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::io) struct Product {
    /// Index of the table's HDU.
    pub(in crate::io) hdu: usize,
    /// What sets it apart from the file's others.
    pub(in crate::io) aperture: String,
    time: String,
    flux: String,
    errors: ProductErrors,
    quality: Vec<(String, Option<u32>)>,
    preference: u8,
    time_offset: Option<f64>,
    magnitudes: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum ProductErrors {
    Column(String),
    Keyword(&'static str),
    Absent,
}

/// All light curves of a file, the best first.
pub(in crate::io) fn products(tables: &[Table], config: &ReadConfig) -> Result<Vec<Product>, ReadError> {
    let mapped = config.columns.time.is_some() || config.columns.flux.is_some();
    let mut found = Vec::new();
    let mut refusal = None;
    for table in tables {
        let layout = if mapped { None } else { LAYOUTS.iter().find(|l| l.matches(table)) };
        match layout {
            Some(layout) => found.extend(layout.products(table, config.flux_column)),
            None => match by_names(table, config) {
                Ok(product) => found.push((1, product)),
                Err(error) => refusal = refusal.or(Some(error)),
            },
        }
    }
    // A stable sort: among equals the file's order stands.
    found.sort_by_key(|(rank, _)| *rank);
    match (found.is_empty(), refusal) {
        (true, Some(error)) if mapped => Err(error),
        (true, _) => Err(FitsError::NoTable {
            tables: tables.len(),
            columns: tables.first().map(Table::column_names).unwrap_or_default(),
        }
        .into()),
        _ => Ok(found.into_iter().map(|(_, product)| product).collect()),
    }
}

impl Product {
    /// Its columns, and the sector, quarter or campaign that the file names.
    pub(in crate::io::read) fn about(&self, hdus: &[Hdu], tables: &[Table]) -> (Columns, Option<String>) {
        let Some(table) = tables.iter().find(|t| t.hdu == self.hdu) else { return Default::default() };
        let has = |name: &str| table.find(name).is_some();
        let columns = Columns {
            flux_err: self.errors != ProductErrors::Absent,
            quality: !self.quality.is_empty(),
            centroid: CENTROIDS.iter().any(|(column, row)| has(column) && has(row)),
        };
        (columns, label(&Headers { table: table.header, primary: &hdus[0].header }))
    }
}

impl Layout {
    fn matches(&self, table: &Table) -> bool {
        let has = |name: &str| table.find(name).is_some();
        let fluxes = self.corrected.iter().chain(self.raw).chain(self.others);
        has(self.time) && has(self.mark) && fluxes.into_iter().any(|(flux, _)| has(flux))
    }

    /// Products with their rank, 0 for the one to use.
    fn products(&self, table: &Table, preferred: FluxColumn) -> Vec<(usize, Product)> {
        let present = |list: &'static [(&'static str, Errors)]| list.iter().find(|(f, _)| table.find(f).is_some());
        let first = match preferred {
            FluxColumn::Pdcsap => present(self.corrected).or_else(|| present(self.raw)),
            FluxColumn::Sap => present(self.raw).or_else(|| present(self.corrected)),
        };
        let extension_rank = match (self.extensions, preferred) {
            (None, _) => 0,
            (Some((best, _)), FluxColumn::Pdcsap) => usize::from(table.name != best),
            (Some((_, raw)), FluxColumn::Sap) => usize::from(table.name != raw),
        };
        let others = self.others.iter().filter(|(f, _)| table.find(f).is_some());
        first
            .into_iter()
            .map(|flux| (extension_rank, flux))
            .chain(others.map(|flux| (2, flux)))
            .map(|(rank, (flux, errors))| {
                let name = |wanted: &str| table.find(wanted).map(|c| c.name.clone());
                let errors = match errors {
                    InColumn(column) => name(column).map_or(ProductErrors::Absent, ProductErrors::Column),
                    Keyword(keyword) => ProductErrors::Keyword(keyword),
                    Absent => ProductErrors::Absent,
                };
                let flux = name(flux).unwrap_or_default();
                let product = Product {
                    hdu: table.hdu,
                    aperture: if self.extensions.is_some() { table.name.clone() } else { flux.clone() },
                    time: name(self.time).unwrap_or_default(),
                    flux,
                    errors,
                    quality: self.quality.iter().filter_map(|(q, bits)| Some((name(q)?, *bits))).collect(),
                    preference: self.preference,
                    time_offset: self.time_offset,
                    magnitudes: false,
                };
                (rank, product)
            })
            .collect()
    }
}

/// A table of no known pipeline, by the names of its columns.
fn by_names(table: &Table, config: &ReadConfig) -> Result<Product, ReadError> {
    let names = table.column_names();
    let roles = roles(&names, config)?;
    Ok(Product {
        hdu: table.hdu,
        aperture: table.name.clone(),
        time: names[roles.time].clone(),
        flux: names[roles.flux].clone(),
        errors: roles.flux_err.map_or(ProductErrors::Absent, |i| ProductErrors::Column(names[i].clone())),
        quality: roles.quality.map(|i| (names[i].clone(), None)).into_iter().collect(),
        preference: PREFERENCE_PLAIN,
        time_offset: None,
        magnitudes: roles.magnitudes,
    })
}

/// Keywords of a table, with those of the primary header behind them.
struct Headers<'a> {
    table: &'a Header,
    primary: &'a Header,
}

impl Headers<'_> {
    fn string(&self, keyword: &str) -> Option<String> {
        self.table.string(keyword).or_else(|| self.primary.string(keyword))
    }
    fn integer(&self, keyword: &str) -> Option<i64> {
        self.table.integer(keyword).or_else(|| self.primary.integer(keyword))
    }
    fn real(&self, keyword: &str) -> Option<f64> {
        self.table.real(keyword).or_else(|| self.primary.real(keyword))
    }
    fn mission(&self) -> Option<Catalogue> {
        let says = |word: &str| {
            ["MISSION", "TELESCOP"].iter().any(|k| self.string(k).is_some_and(|v| v.trim().eq_ignore_ascii_case(word)))
        };
        if says("TESS") {
            Some(Catalogue::Tic)
        } else if says("K2") {
            Some(Catalogue::Epic)
        } else if says("Kepler") {
            Some(Catalogue::Kic)
        } else {
            None
        }
    }
}

/// The target a file names in its headers, else in its file name, else the file's stem.
pub(in crate::io) fn file_target(hdus: &[Hdu], path: &Path) -> String {
    let empty = Header::default();
    let primary = hdus.first().map_or(&empty, |h| &h.header);
    let headers = Headers { table: hdus.get(1).map_or(&empty, |h| &h.header), primary };
    if let Some(id) = headers.integer("TICID") {
        return Catalogue::Tic.id(id);
    }
    if let Some(id) = headers.integer("KEPLERID") {
        return Catalogue::of_kepler_id(id).id(id);
    }
    if let Some(object) = headers.string("OBJECT") {
        return match (object.parse::<i64>(), headers.mission()) {
            (Ok(id), Some(Catalogue::Tic)) => Catalogue::Tic.id(id),
            (Ok(id), Some(_)) => Catalogue::of_kepler_id(id).id(id),
            _ => catalogue_id(&object).unwrap_or(object),
        };
    }
    mission_file_target(path).map_or_else(|| file_stem(path), |(catalogue, id)| catalogue.id(id))
}

/// Reads one product into a segment, with what the headers say of the star.
pub(in crate::io) fn segment(
    hdus: &[Hdu],
    tables: &[Table],
    product: &Product,
    path: &Path,
    source: String,
    config: &ReadConfig,
) -> Result<(RawSegment, Star), ReadError> {
    let table = tables.iter().find(|t| t.hdu == product.hdu).ok_or(FitsError::NotFits)?;
    let headers = Headers { table: table.header, primary: &hdus[0].header };
    let column = |name: &str| {
        table.find(name).ok_or_else(|| ReadError::NoColumn { column: name.into(), found: table.column_names() })
    };
    let values = |name: &str| -> Result<Vec<f64>, ReadError> { Ok(table.values(column(name)?)?) };
    let time = values(&product.time)?;
    let flux = values(&product.flux)?;
    let flux_err = match &product.errors {
        ProductErrors::Column(name) => Some(values(name)?),
        ProductErrors::Keyword(keyword) => headers.real(keyword).map(|e| vec![e; flux.len()]),
        ProductErrors::Absent => None,
    };
    let mission = headers.mission().or_else(|| mission_file_target(path).map(|(catalogue, _)| catalogue));
    let flags = flag_system(&headers, mission);
    let mut flagged: Option<Vec<bool>> = None;
    let mut momentum_dumps = Vec::new();
    for (name, own_bits) in &product.quality {
        let quality = values(name)?;
        let bad = match own_bits {
            // A pipeline's own bits count under every mask but the empty one.
            Some(bits) if config.quality.bits(flags) != 0 => QualityMask::Bits(*bits).apply(&quality, flags),
            Some(_) => continue,
            None => {
                momentum_dumps.extend(marked(&time, &quality, flags.momentum_dump()));
                config.quality.apply(&quality, flags)
            }
        };
        flagged = Some(match flagged {
            Some(sum) => sum.iter().zip(&bad).map(|(a, b)| *a || *b).collect(),
            None => bad,
        });
    }
    let unit = table.find(&product.time).and_then(|c| c.unit.clone()).unwrap_or_default();
    let known = time_system(&time, &[&unit, &product.time]);
    let time_system = match reference_time(&headers) {
        _ if known == TimeSystem::BJD => known,
        Some(offset) => TimeSystem::with_offset(offset),
        None if known != TimeSystem::UNKNOWN => known,
        None => match (product.time_offset, mission, stated_offset(&unit)) {
            (Some(offset), ..) => TimeSystem::with_offset(offset),
            (None, Some(Catalogue::Tic), None) => TimeSystem::BTJD,
            (None, Some(_), None) => TimeSystem::BKJD,
            _ => TimeSystem::UNKNOWN,
        },
    };
    let draft = Draft {
        label: label(&headers).unwrap_or_else(|| file_stem(path)),
        source,
        time,
        flux,
        flux_err,
        flagged,
        time_system,
        exposure_time: exposure_time(&headers),
        band: mission.map(|m| if m == Catalogue::Tic { "TESS".into() } else { "Kepler".into() }),
        preference: product.preference,
        magnitudes: product.magnitudes,
        centroid: centroid(table)?,
        momentum_dumps,
    };
    Ok((draft.finish(config)?, star(&headers, mission)))
}

/// Flux-weighted centroids (pixels), from the first pair of columns that is there. What the image moves by is taken out
/// where the file says it.
fn centroid(table: &Table) -> Result<Option<Centroid>, ReadError> {
    let pair = |names: (&str, &str)| -> Result<Option<Centroid>, ReadError> {
        let (Some(column), Some(row)) = (table.find(names.0), table.find(names.1)) else { return Ok(None) };
        Ok(Some(Centroid { column: table.values(column)?, row: table.values(row)? }))
    };
    let mut found = None;
    for names in CENTROIDS {
        if found.is_none() {
            found = pair(names)?;
        }
    }
    let Some(mut centroid) = found else { return Ok(None) };
    if let Some(motion) = pair(IMAGE_MOTION)? {
        for (place, moved) in [(&mut centroid.column, &motion.column), (&mut centroid.row, &motion.row)] {
            place.iter_mut().zip(moved).for_each(|(p, m)| *p -= m);
        }
    }
    let known = centroid.column.iter().zip(&centroid.row).any(|(c, r)| c.is_finite() && r.is_finite());
    Ok(known.then_some(centroid))
}

/// Times of the cadences whose quality has one of these bits, one for each run of them.
fn marked(time: &[f64], quality: &[f64], bits: u32) -> Vec<f64> {
    let is_marked = |i: usize| quality[i].is_finite() && quality[i] as i64 & i64::from(bits) != 0;
    (0..time.len().min(quality.len()))
        .filter(|&i| time[i].is_finite() && is_marked(i) && !(i > 0 && is_marked(i - 1)))
        .map(|i| time[i])
        .collect()
}

fn flag_system(headers: &Headers, mission: Option<Catalogue>) -> FlagSystem {
    match mission {
        Some(Catalogue::Tic) if headers.string("ORIGIN").is_some_and(|o| o.contains("QLP")) => FlagSystem::Qlp,
        Some(Catalogue::Tic) => FlagSystem::Tess,
        Some(Catalogue::Epic) => FlagSystem::K2,
        Some(_) => FlagSystem::Kepler,
        None => FlagSystem::Unknown,
    }
}

/// BJDREFI + BJDREFF (spelled BJDREFR by TGLC).
fn reference_time(headers: &Headers) -> Option<f64> {
    let whole = headers.real("BJDREFI")?;
    Some(whole + headers.real("BJDREFF").or_else(|| headers.real("BJDREFR")).unwrap_or(0.0))
}

fn label(headers: &Headers) -> Option<String> {
    [("SECTOR", 'S'), ("CAMPAIGN", 'C'), ("QUARTER", 'Q')]
        .iter()
        .find_map(|(keyword, letter)| headers.integer(keyword).map(|n| format!("{letter}{n}")))
}

/// Days that one cadence spans, read-outs included, which is what smears a transit.
///
/// TIMEDEL, except that TGLC writes there the mean step with gaps counted, and gives the exposure as XPTIME (s).
fn exposure_time(headers: &Headers) -> Option<f64> {
    let seconds = |keyword: &str| headers.real(keyword).map(|s| s / DAY_S);
    let frames = |time: &str| Some(seconds(time)? * headers.real("NUM_FRM")?);
    seconds("XPTIME")
        .or_else(|| headers.real("TIMEDEL"))
        .or_else(|| frames("FRAMETIM"))
        .or_else(|| frames("INT_TIME"))
        .filter(|e| e.is_finite() && *e > 0.0)
}

/// Stellar parameters that the headers give.
///
/// Headers carry no errors. Those put here are typical of the catalogues that the values come from: 200 K, 0.4 dex and
/// 40 % of the radius for the Kepler and K2 input catalogues (Brown et al. 2011, AJ 142, 112; Huber et al. 2016, ApJS 224,
/// 2), 150 K, 0.15 dex and 10 % for the TIC (Stassun et al. 2019, AJ 158, 138).
fn star(headers: &Headers, mission: Option<Catalogue>) -> Star {
    let (teff_err, logg_err, radius_fraction) = match mission {
        Some(Catalogue::Tic) => (150.0, 0.15, 0.1),
        _ => (200.0, 0.4, 0.4),
    };
    let positive = |keyword: &str| headers.real(keyword).filter(|v| *v > 0.0);
    Star {
        teff_k: positive("TEFF").map(|value| Measured { value, err: teff_err }),
        logg: headers.real("LOGG").filter(|v| (-1.0..10.0).contains(v)).map(|value| Measured { value, err: logg_err }),
        radius_rsun: positive("RADIUS").map(|value| Measured { value, err: radius_fraction * value }),
        ..Star::default()
    }
}
