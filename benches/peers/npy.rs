//! Arrays of 64-bit floats as numpy writes them.

use std::path::Path;

/// The rows of a one- or two-dimensional array in the file at `path`.
pub fn rows(path: &Path) -> Result<Vec<Vec<f64>>, String> {
    let bad = |what: &str| format!("{}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|e| bad(&e.to_string()))?;
    if bytes.len() < 10 || &bytes[..6] != b"\x93NUMPY" {
        return Err(bad("not a numpy file"));
    }
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(bytes.get(10..start).ok_or_else(|| bad("cut off"))?).into_owned();
    if !header.contains("'<f8'") || header.contains("'fortran_order': True") {
        return Err(bad("not an array of little-endian 64-bit floats in C order"));
    }
    let shape = header.split("'shape': (").nth(1).and_then(|s| s.split(')').next()).ok_or_else(|| bad("no shape"))?;
    let shape: Vec<usize> = shape.split(',').filter_map(|s| s.trim().parse().ok()).collect();
    let values: Vec<f64> =
        bytes[start..].chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().expect("eight bytes"))).collect();
    match *shape.as_slice() {
        [_] => Ok(vec![values]),
        [_, columns] if columns > 0 => Ok(values.chunks(columns).map(<[f64]>::to_vec).collect()),
        _ => Err(bad("neither one nor two dimensions")),
    }
}
