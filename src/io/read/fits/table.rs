//! Columns of a binary table as f64.

use super::FitsError;
use super::header::{Hdu, Header};

/// Upper bound of the standard on the number of columns.
const MAX_FIELDS: u64 = 999;

/// One column's place and encoding.
#[derive(Clone, Debug)]
pub(in crate::io) struct Column {
    pub(in crate::io) name: String,
    pub(in crate::io) unit: Option<String>,
    code: char,
    repeat: usize,
    offset: usize,
    scale: f64,
    zero: f64,
    null: Option<i64>,
}

/// A binary table: its columns and the bytes of its rows.
#[derive(Debug)]
pub(in crate::io) struct Table<'a> {
    pub(in crate::io) hdu: usize,
    pub(in crate::io) name: String,
    pub(in crate::io) header: &'a Header,
    pub(in crate::io) columns: Vec<Column>,
    pub(in crate::io) rows: usize,
    row_bytes: usize,
    data: &'a [u8],
}

impl<'a> Table<'a> {
    /// The table of `hdu`; `None` if that is no binary table.
    pub(in crate::io) fn new(bytes: &'a [u8], hdu: &'a Hdu) -> Result<Option<Self>, FitsError> {
        if !hdu.is_table() {
            return Ok(None);
        }
        let (header, index) = (&hdu.header, hdu.index);
        let available = hdu.data.len();
        let truncated = FitsError::Truncated { hdu: index, declared: hdu.declared, available };
        if header.integer("BITPIX") != Some(8) || header.integer("NAXIS") != Some(2) {
            return Err(FitsError::Keyword { hdu: index, keyword: "NAXIS".into() });
        }
        let row_bytes = header.size(index, "NAXIS1", u64::MAX)?;
        let rows = header.size(index, "NAXIS2", u64::MAX)?;
        let size = row_bytes.checked_mul(rows).filter(|s| *s <= available as u64).ok_or(truncated)? as usize;
        // Rows of no bytes cost no file, so their number is worth nothing.
        let rows = if row_bytes == 0 { 0 } else { rows as usize };
        let row_bytes =
            usize::try_from(row_bytes).map_err(|_| FitsError::Keyword { hdu: index, keyword: "NAXIS1".into() })?;
        let fields = header.size(index, "TFIELDS", MAX_FIELDS)? as usize;

        let mut columns = Vec::with_capacity(fields);
        let mut offset: u64 = 0;
        for n in 1..=fields {
            let form = header.string(&format!("TFORM{n}")).unwrap_or_default();
            let bad_form = || FitsError::Form { hdu: index, column: n, form: form.clone() };
            let (repeat, code) = parse_form(&form).ok_or_else(bad_form)?;
            let width = match code {
                'X' => repeat.div_ceil(8),
                _ => repeat.checked_mul(item_bytes(code).ok_or_else(bad_form)?).ok_or_else(bad_form)?,
            };
            let start = offset;
            offset = offset.checked_add(width).ok_or_else(bad_form)?;
            if offset > row_bytes as u64 {
                return Err(FitsError::RowWidth { hdu: index, columns: offset, row: row_bytes });
            }
            columns.push(Column {
                name: header.string(&format!("TTYPE{n}")).unwrap_or_else(|| format!("COL{n}")),
                unit: header.string(&format!("TUNIT{n}")),
                code,
                repeat: repeat as usize,
                offset: start as usize,
                scale: header.real(&format!("TSCAL{n}")).unwrap_or(1.0),
                zero: header.real(&format!("TZERO{n}")).unwrap_or(0.0),
                null: header.integer(&format!("TNULL{n}")),
            });
        }
        let data = &bytes[hdu.data.start..hdu.data.start + size];
        Ok(Some(Self { hdu: index, name: hdu.name(), header, columns, rows, row_bytes, data }))
    }

    /// A column by name, without regard to case.
    pub(in crate::io) fn find(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name))
    }

    pub(in crate::io) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.name.clone()).collect()
    }

    /// Values of a column, one a row (or all of a single row that holds vectors), NaN where null.
    pub(in crate::io) fn values(&self, column: &Column) -> Result<Vec<f64>, FitsError> {
        let not_numeric = || FitsError::ColumnType { column: column.name.clone(), code: column.code };
        let decode: fn(&[u8]) -> f64 = match column.code {
            'D' => |b| f64::from_be_bytes(array(b)),
            'E' => |b| f64::from(f32::from_be_bytes(array(b))),
            'L' => |b| if b[0] == b'T' { 1.0 } else { 0.0 },
            'B' | 'I' | 'J' | 'K' => |_| f64::NAN,
            _ => return Err(not_numeric()),
        };
        if column.repeat != 1 && self.rows != 1 {
            return Err(FitsError::VectorColumn { column: column.name.clone(), repeat: column.repeat });
        }
        let integer: Option<fn(&[u8]) -> i64> = match column.code {
            'B' => Some(|b| i64::from(b[0])),
            'I' => Some(|b| i64::from(i16::from_be_bytes(array(b)))),
            'J' => Some(|b| i64::from(i32::from_be_bytes(array(b)))),
            'K' => Some(|b| i64::from_be_bytes(array(b))),
            _ => None,
        };
        let item = item_bytes(column.code).ok_or_else(not_numeric)? as usize;
        let one = |bytes: &[u8]| {
            let stored = match integer {
                Some(read) => {
                    let value = read(bytes);
                    if column.null == Some(value) {
                        return f64::NAN;
                    }
                    value as f64
                }
                None => decode(bytes),
            };
            stored * column.scale + column.zero
        };
        let width = item * column.repeat;
        Ok(self
            .data
            .chunks_exact(self.row_bytes.max(1))
            .take(self.rows)
            .flat_map(|row| row[column.offset..column.offset + width].chunks_exact(item).map(one))
            .collect())
    }
}

/// The first `N` bytes; callers pass exactly that many.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

/// Repeat count and type code of a TFORM such as `D`, `1J`, `20A`, `1PE(30)`.
fn parse_form(form: &str) -> Option<(u64, char)> {
    let form = form.trim();
    let digits = form.len() - form.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let repeat = if digits == 0 { 1 } else { form[..digits].parse().ok()? };
    let code = form[digits..].chars().next()?;
    code.is_ascii_uppercase().then_some((repeat, code))
}

/// Bytes of one item of a type code.
fn item_bytes(code: char) -> Option<u64> {
    match code {
        'L' | 'B' | 'A' => Some(1),
        'I' => Some(2),
        'J' | 'E' => Some(4),
        'K' | 'D' | 'C' | 'P' => Some(8),
        'M' | 'Q' => Some(16),
        'X' => Some(0),
        _ => None,
    }
}
