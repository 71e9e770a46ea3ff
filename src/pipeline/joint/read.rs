//! Reads the light curves and velocities that a joint fit names.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{JointInput, JointRunError, LoadedJoint};
use crate::fit::joint::{
    ColumnName, FileColumns, InstrumentConfig, JointConfig, JointData, ParameterSpec, Series, VelocityUnit,
};
use crate::io::read::{ReadConfig, read_target, scan};
use crate::lightcurve::{CleanConfig, clean};

/// Columns as they stand in a file.
struct Columns {
    time: Vec<f64>,
    value: Vec<f64>,
    error: Vec<f64>,
    extra: Vec<Vec<f64>>,
    rows_skipped: usize,
}

/// Data of all instruments, and what was read for each.
pub(super) fn data(loaded: &LoadedJoint) -> Result<(JointData, Vec<JointInput>), JointRunError> {
    let mut data = JointData::default();
    let mut inputs = Vec::new();
    for (name, instrument) in &loaded.config.instruments {
        let path = loaded.resolve(&named(&instrument.file, "instruments", name)?);
        let is_binary = [".fits", ".fits.gz", ".fit", ".parquet", ".npz"].iter().any(|e| instrument.file.ends_with(e));
        let mut columns = if is_binary {
            of_light_curve(&path)?
        } else {
            of_text(&path, &instrument.columns, &instrument.decorrelate, instrument.flux_err)?
        };
        columns.time.iter_mut().for_each(|t| *t += instrument.time_offset);
        if let Some(error) = instrument.flux_err {
            columns.error.fill(error);
        }
        let points_outside = keep_near_transits(&mut columns, instrument, &loaded.config);
        let (rows_skipped, sha256) = (columns.rows_skipped, checksum(&path)?);
        let series = Series::new(name, columns.time, columns.value, columns.error, columns.extra)?;
        let (instrument, path) = (name.clone(), path.display().to_string());
        inputs.push(JointInput { instrument, path, sha256, points: series.len(), rows_skipped, points_outside });
        data.photometry.insert(name.clone(), series);
    }
    for (name, velocity) in &loaded.config.rv {
        let path = loaded.resolve(&named(&velocity.file, "rv", name)?);
        let mut columns = of_text(&path, &velocity.columns, &[], None)?;
        columns.time.iter_mut().for_each(|t| *t += velocity.time_offset);
        if velocity.unit == VelocityUnit::KilometresPerSecond {
            columns.value.iter_mut().chain(&mut columns.error).for_each(|v| *v *= 1e3);
        }
        let (rows_skipped, sha256) = (columns.rows_skipped, checksum(&path)?);
        let series = Series::new(name, columns.time, columns.value, columns.error, Vec::new())?;
        let (instrument, path) = (name.clone(), path.display().to_string());
        inputs.push(JointInput { instrument, path, sha256, points: series.len(), rows_skipped, points_outside: 0 });
        data.velocities.insert(name.clone(), series);
    }
    Ok((data, inputs))
}

fn named(file: &str, section: &str, name: &str) -> Result<String, JointRunError> {
    if file.is_empty() {
        let reason =
            format!("`{section}.{name}.file` is missing; valid is the path of a table, relative to the document");
        return Err(JointRunError::Config(reason));
    }
    Ok(file.to_string())
}

fn bytes(path: &Path) -> Result<Vec<u8>, JointRunError> {
    std::fs::read(path).map_err(|source| JointRunError::Read { path: path.to_path_buf(), source })
}

fn checksum(path: &Path) -> Result<String, JointRunError> {
    Ok(Sha256::digest(bytes(path)?).iter().map(|b| format!("{b:02x}")).collect())
}

/// One target of any format that `antumbra run` reads, cleaned and normalised.
fn of_light_curve(path: &Path) -> Result<Columns, JointRunError> {
    let refuse = |reason: String| JointRunError::File { path: path.to_path_buf(), reason };
    let config = ReadConfig::default();
    let found = scan(&[path.display().to_string()], &config);
    let [target] = found.targets.as_slice() else {
        let reason =
            found.errors.first().map_or_else(|| format!("{} targets, not one", found.targets.len()), |e| e.reason());
        return Err(refuse(reason));
    };
    let read = read_target(target, &config);
    let raw = read.target.ok_or_else(|| refuse(read.errors.first().map_or_else(String::new, |e| e.reason())))?;
    let cleaned = clean(&raw, &CleanConfig::default()).map_err(|e| refuse(e.to_string()))?;
    let (curve, keep) = (&cleaned.light_curve, cleaned.mask.keep());
    let kept = |from: &[f64]| from.iter().zip(keep).filter(|k| *k.1).map(|k| *k.0).collect::<Vec<f64>>();
    let time = kept(curve.time());
    let rows_skipped = curve.len() - time.len();
    Ok(Columns { value: kept(curve.flux()), error: kept(curve.flux_err()), time, extra: Vec::new(), rows_skipped })
}

fn of_text(
    path: &Path,
    names: &FileColumns,
    extra: &[ColumnName],
    fixed_error: Option<f64>,
) -> Result<Columns, JointRunError> {
    let content = bytes(path)?;
    let text = String::from_utf8_lossy(&content);
    let fields = |line: &str| -> Vec<String> {
        let line = line.trim_start_matches('#').trim();
        let clean = |f: &str| f.trim().trim_matches('"').to_string();
        if line.contains(',') {
            line.split(',').map(clean).collect()
        } else {
            line.split_whitespace().map(clean).collect()
        }
    };
    let is_number = |field: &String| field.parse::<f64>().is_ok();
    let row_error = |line: usize, reason: String| JointRunError::Row { path: path.to_path_buf(), line, reason };
    let mut header: Vec<String> = Vec::new();
    let mut places: Option<Places> = None;
    let mut out = Columns {
        time: Vec::new(),
        value: Vec::new(),
        error: Vec::new(),
        extra: vec![Vec::new(); extra.len()],
        rows_skipped: 0,
    };
    for (i, line) in text.lines().enumerate() {
        let found = fields(line);
        if line.trim().is_empty() || found.iter().all(String::is_empty) {
            continue;
        }
        let no_number = !found.iter().any(is_number);
        if line.trim_start().starts_with('#') || (places.is_none() && no_number) {
            if places.is_none() {
                header = found;
            }
            continue;
        }
        let at = match &places {
            Some(places) => places,
            None => places.insert(Places::find(path, names, extra, &header, fixed_error.is_none())?),
        };
        if let Some((column, wanted)) = &at.only {
            match found.get(*column) {
                Some(text) if text == wanted => {}
                Some(_) => continue,
                None => return Err(row_error(i + 1, format!("there is no column {}", column + 1))),
            }
        }
        let number = |column: usize| -> Result<f64, JointRunError> {
            let field = found
                .get(column)
                .ok_or_else(|| row_error(i + 1, format!("there is no column {} among {}", column + 1, found.len())))?;
            if field.is_empty() {
                return Ok(f64::NAN);
            }
            field.parse().map_err(|_| row_error(i + 1, format!("`{field}` in column {} is no number", column + 1)))
        };
        let (time, value) = (number(at.time)?, number(at.value)?);
        let error = at.error.map_or(Ok(1.0), number)?;
        let others = at.extra.iter().map(|c| number(*c)).collect::<Result<Vec<f64>, _>>()?;
        if [time, value, error].iter().chain(&others).any(|v| !v.is_finite()) {
            out.rows_skipped += 1;
            continue;
        }
        out.time.push(time);
        out.value.push(value);
        out.error.push(error);
        out.extra.iter_mut().zip(others).for_each(|(c, v)| c.push(v));
    }
    Ok(out)
}

/// Columns by number from 0.
struct Places {
    time: usize,
    value: usize,
    error: Option<usize>,
    extra: Vec<usize>,
    only: Option<(usize, String)>,
}

impl Places {
    fn find(
        path: &Path,
        names: &FileColumns,
        extra: &[ColumnName],
        header: &[String],
        needs_error: bool,
    ) -> Result<Self, JointRunError> {
        let place = |name: &ColumnName| match name {
            ColumnName::Number(n) if *n >= 1 => Ok(n - 1),
            ColumnName::Name(name) if header.contains(name) => {
                Ok(header.iter().position(|h| h == name).unwrap_or_default())
            }
            ColumnName::Number(n) => Err(JointRunError::Config(format!("column {n}; valid are numbers from 1"))),
            ColumnName::Name(name) => {
                let valid =
                    if header.is_empty() { "numbers from 1, as it has no header".into() } else { header.join(", ") };
                Err(JointRunError::Config(format!("{} has no column `{name}`; valid are {valid}", path.display())))
            }
        };
        Ok(Self {
            time: place(&names.time)?,
            value: place(&names.value)?,
            error: if needs_error { Some(place(&names.error)?) } else { None },
            extra: extra.iter().map(place).collect::<Result<_, _>>()?,
            only: names.only.as_ref().map(|(c, text)| Ok::<_, JointRunError>((place(c)?, text.clone()))).transpose()?,
        })
    }
}

/// Drops points that are further from all transits than the instrument's window; returns how many.
fn keep_near_transits(columns: &mut Columns, instrument: &InstrumentConfig, config: &JointConfig) -> usize {
    let Some(window) = instrument.window_days else { return 0 };
    let start = |spec: &ParameterSpec| match spec {
        ParameterSpec::Fixed(value) => Some(*value),
        ParameterSpec::Free { prior, start } => Some(start.unwrap_or_else(|| prior.quantile(0.5))),
        ParameterSpec::Shared(_) => None,
    };
    let mut near = vec![false; columns.time.len()];
    for planet in config.planets.values().filter(|p| p.rp_rs.is_some()) {
        let times: Vec<f64> = planet.transit_times.iter().filter_map(&start).collect();
        let linear = start(&planet.period).zip(start(&planet.transit_time));
        for (near, t) in near.iter_mut().zip(&columns.time) {
            *near |= match linear {
                _ if !times.is_empty() => times.iter().any(|c| (t - c).abs() <= window),
                Some((period, time)) => (t - time - ((t - time) / period).round() * period).abs() <= window,
                // a shared ephemeris says nothing here: keep all
                None => true,
            };
        }
    }
    let before = near.len();
    let mut flags = near.iter();
    let mut keep = |column: &mut Vec<f64>| {
        flags = near.iter();
        column.retain(|_| flags.next().copied().unwrap_or(true));
    };
    keep(&mut columns.time);
    keep(&mut columns.value);
    keep(&mut columns.error);
    columns.extra.iter_mut().for_each(keep);
    before - columns.time.len()
}
