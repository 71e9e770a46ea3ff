//! NumPy arrays: `.npy` files and `.npz` archives of them.

use std::io::{Cursor, Read};
use std::path::Path;

use super::columns::roles;
use super::config::ReadConfig;
use super::draft::{Draft, PREFERENCE_PLAIN};
use super::error::ReadError;
use super::names::file_stem;
use super::quality::FlagSystem;
use super::time_scale::time_system;
use crate::lightcurve::{Centroid, RawSegment};

/// An array that inflates to more than this is refused.
const MAX_ARRAY_BYTES: u64 = 1 << 30;

/// Why bytes are not a NumPy array of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    #[error("does not begin with the NumPy magic")]
    Magic,
    #[error("the array's header is damaged: {0}")]
    Header(String),
    #[error("arrays of type {0:?} are not numbers")]
    Type(String),
    #[error("the array's shape asks for {declared} bytes, {available} are there")]
    Truncated { declared: u64, available: usize },
}

/// One array: its name in the archive, shape and values in row order.
pub(in crate::io) struct NamedArray {
    pub(in crate::io) name: String,
    pub(in crate::io) shape: Vec<usize>,
    pub(in crate::io) values: Vec<f64>,
}

/// The arrays of numbers in an archive or a single file; those of other types are left out of an archive.
pub(in crate::io) fn arrays(bytes: &[u8], path: &Path) -> Result<Vec<NamedArray>, ReadError> {
    if bytes.starts_with(b"\x93NUMPY") {
        return Ok(columns_of(parse_npy(file_stem(path), bytes)?));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(name) = entry.name().strip_suffix(".npy").map(str::to_string) else { continue };
        let mut content = Vec::new();
        entry.by_ref().take(MAX_ARRAY_BYTES + 1).read_to_end(&mut content)?;
        if content.len() as u64 > MAX_ARRAY_BYTES {
            return Err(ReadError::TooLarge { limit: MAX_ARRAY_BYTES });
        }
        match parse_npy(name, &content) {
            Ok(array) => found.push(array),
            Err(NpyError::Type(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// A single array of two dimensions is a table: time, flux and perhaps error, as columns or as rows.
fn columns_of(array: NamedArray) -> Vec<NamedArray> {
    let [rows, columns] = array.shape[..] else { return vec![array] };
    let names = ["time", "flux", "flux_err"];
    let column = |index: usize, width: usize, by_row: bool| -> Vec<f64> {
        match by_row {
            true => array.values.iter().skip(index).step_by(width).copied().collect(),
            false => array.values.iter().skip(index * columns).take(columns).copied().collect(),
        }
    };
    let (count, length, by_row) = match (rows, columns) {
        (r, 2 | 3) if r > 3 => (columns, rows, true),
        (2 | 3, _) => (rows, columns, false),
        _ => return vec![array],
    };
    (0..count)
        .map(|i| NamedArray { name: names[i].into(), shape: vec![length], values: column(i, columns, by_row) })
        .collect()
}

/// Reads the light curve of an archive: arrays named as a table's columns would be, of one length.
pub(in crate::io) fn segment(
    bytes: &[u8],
    path: &Path,
    source: &str,
    config: &ReadConfig,
) -> Result<RawSegment, ReadError> {
    let mut arrays = arrays(bytes, path)?;
    arrays.retain(|a| a.shape.len() == 1 && a.values.len() > 1);
    let names: Vec<String> = arrays.iter().map(|a| a.name.clone()).collect();
    let roles = roles(&names, config)?;
    let values = |index: usize| arrays[index].values.clone();
    let time = values(roles.time);
    let used: Vec<&str> = [Some(roles.time), Some(roles.flux), roles.flux_err]
        .into_iter()
        .flatten()
        .map(|index| names[index].as_str())
        .collect();
    let draft = Draft {
        label: file_stem(path),
        // An archive may hold several versions, so the source says which arrays were taken.
        source: format!("{source}[{}]", used.join(",")),
        time_system: time_system(&time, &[&names[roles.time]]),
        flux: values(roles.flux),
        flux_err: roles.flux_err.map(values),
        flagged: roles.quality.map(|q| config.quality.apply(&arrays[q].values, FlagSystem::Unknown)),
        centroid: roles.centroid.map(|(column, row)| Centroid { column: values(column), row: values(row) }),
        time,
        exposure_time: None,
        band: None,
        preference: PREFERENCE_PLAIN,
        magnitudes: roles.magnitudes,
        ..Draft::default()
    };
    draft.finish(config)
}

/// Parses the NPY format, versions 1 to 3 (NumPy enhancement proposal 1).
fn parse_npy(name: String, bytes: &[u8]) -> Result<NamedArray, NpyError> {
    let damaged = |what: &str| NpyError::Header(what.into());
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(NpyError::Magic);
    }
    let (length, start) = match (bytes.get(6), bytes.get(8..12)) {
        (Some(1), Some(b)) => (u16::from_le_bytes([b[0], b[1]]) as usize, 10),
        (Some(2 | 3), Some(b)) => (u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize, 12),
        _ => return Err(damaged("version")),
    };
    let end = start + length;
    let header = bytes.get(start..end).ok_or_else(|| damaged("length"))?;
    let header = std::str::from_utf8(header).map_err(|_| damaged("not text"))?;
    let value = |key: &str| header.find(&format!("'{key}':")).map(|at| header[at + key.len() + 3..].trim_start());
    let descr = value("descr").ok_or_else(|| damaged("no descr"))?;
    let descr = descr
        .strip_prefix('\'')
        .and_then(|d| d.split('\'').next())
        .ok_or_else(|| NpyError::Type("structured".into()))?;
    let fortran = value("fortran_order").is_some_and(|v| v.starts_with("True"));
    let shape = value("shape").and_then(|v| v.strip_prefix('(')).and_then(|v| v.split(')').next());
    let shape: Vec<usize> = shape
        .ok_or_else(|| damaged("no shape"))?
        .split(',')
        .map(str::trim)
        .filter(|d| !d.is_empty())
        .map(|d| d.parse().map_err(|_| damaged("shape")))
        .collect::<Result<_, _>>()?;

    let big_endian = descr.starts_with('>');
    let code = descr.trim_start_matches(['<', '>', '=', '|']);
    let item = match code {
        "f8" | "i8" | "u8" => 8,
        "f4" | "i4" | "u4" => 4,
        "i2" | "u2" => 2,
        "i1" | "u1" | "b1" => 1,
        _ => return Err(NpyError::Type(descr.into())),
    };
    let data = &bytes[end..];
    let count = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d as u64));
    let declared = count.and_then(|n| n.checked_mul(item as u64)).unwrap_or(u64::MAX);
    if declared > data.len() as u64 {
        return Err(NpyError::Truncated { declared, available: data.len() });
    }
    let decode = |chunk: &[u8]| -> f64 {
        let mut word = [0u8; 8];
        for (i, byte) in chunk.iter().enumerate() {
            word[if big_endian { item - 1 - i } else { i }] = *byte;
        }
        match code {
            "f8" => f64::from_le_bytes(word),
            "f4" => f64::from(f32::from_le_bytes([word[0], word[1], word[2], word[3]])),
            "i8" => i64::from_le_bytes(word) as f64,
            "i4" => f64::from(i32::from_le_bytes([word[0], word[1], word[2], word[3]])),
            "i2" => f64::from(i16::from_le_bytes([word[0], word[1]])),
            "i1" => f64::from(word[0] as i8),
            _ => u64::from_le_bytes(word) as f64,
        }
    };
    let mut values: Vec<f64> = data[..declared as usize].chunks_exact(item).map(decode).collect();
    if let (true, [rows, columns]) = (fortran, &shape[..]) {
        values = (0..values.len()).map(|i| values[(i % columns) * rows + i / columns]).collect();
    }
    Ok(NamedArray { name, shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend((header.len() as u16).to_le_bytes());
        out.extend(header.as_bytes());
        out.extend(data);
        out
    }

    fn floats(values: &[f64]) -> Vec<u8> {
        npy("<f8", &format!("({},)", values.len()), &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
    }

    fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn archive_of_named_arrays() {
        let f32s: Vec<u8> = [1.0f32, 0.5, 0.25].iter().flat_map(|v| v.to_be_bytes()).collect();
        let bytes = archive(&[
            ("time", floats(&[1.0, 2.0, 3.0])),
            ("flux_model", floats(&[9.0, 9.0, 9.0])),
            ("flux", npy(">f4", "(3,)", &f32s)),
            ("flux_err", floats(&[0.1, 0.1, 0.1])),
            ("period", npy("<f8", "()", &1.0f64.to_le_bytes())),
            ("note", npy("<U5", "()", b"....................")),
        ]);
        let segment = segment(&bytes, Path::new("a.npz"), "a.npz", &ReadConfig::default()).unwrap();
        assert_eq!(segment.flux, [1.0, 0.5, 0.25]);
        assert_eq!(segment.source, "a.npz[time,flux,flux_err]");
    }

    #[test]
    fn table_in_one_array() {
        let rows: Vec<u8> = (0..10).flat_map(|i| [i as f64, 1.0 + i as f64]).flat_map(f64::to_le_bytes).collect();
        let segment =
            segment(&npy("<f8", "(10, 2)", &rows), Path::new("a.npy"), "a.npy", &ReadConfig::default()).unwrap();
        assert_eq!((segment.time[3], segment.flux[3]), (3.0, 4.0));
    }

    #[test]
    fn damage_is_refused() {
        let good = floats(&[1.0, 2.0]);
        for cut in 0..good.len() {
            assert!(parse_npy("a".into(), &good[..cut]).is_err(), "{cut}");
        }
        let absurd = npy("<f8", "(9999999999999, 9999999999999)", &[]);
        assert!(matches!(parse_npy("a".into(), &absurd), Err(NpyError::Truncated { .. })));
        let config = ReadConfig::default();
        let unequal = archive(&[("time", floats(&[1.0, 2.0])), ("flux", floats(&[1.0, 2.0, 3.0]))]);
        assert!(matches!(segment(&unequal, Path::new("a"), "a", &config), Err(ReadError::ColumnLength { .. })));
        assert!(matches!(segment(b"PK\x03\x04junk", Path::new("a"), "a", &config), Err(ReadError::Zip(_))));
    }
}
