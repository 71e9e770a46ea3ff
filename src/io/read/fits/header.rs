//! Header cards and the walk over the header-data units of a FITS file.

use super::FitsError;

const BLOCK: usize = 2880;
const CARD: usize = 80;

/// The cards of one header: keyword and the text of the value.
#[derive(Clone, Debug, Default)]
pub(in crate::io) struct Header {
    cards: Vec<(String, String)>,
}

impl Header {
    /// Parses cards from `start`; returns them and the offset of the data that follows.
    fn parse(bytes: &[u8], start: usize) -> Result<(Self, usize), FitsError> {
        let mut header = Self::default();
        let no_end = FitsError::NoEnd { at: start, bytes: bytes.len() };
        for (i, card) in bytes.get(start..).unwrap_or_default().chunks_exact(CARD).enumerate() {
            let text: String =
                card.iter().map(|b| if b.is_ascii() && !b.is_ascii_control() { *b as char } else { '?' }).collect();
            let keyword = text[..8].trim_end();
            if keyword == "END" {
                let length = (i + 1) * CARD;
                return Ok((header, start + length.next_multiple_of(BLOCK)));
            }
            if &text[8..10] == "= " {
                header.cards.push((keyword.to_string(), text[10..].to_string()));
            }
        }
        Err(no_end)
    }

    /// The raw text of a value; the first card of a keyword counts.
    fn raw(&self, keyword: &str) -> Option<&str> {
        self.cards.iter().find(|(k, _)| k == keyword).map(|(_, v)| v.as_str())
    }

    /// A string value without its quotes and padding; `None` where empty or not a string.
    pub(in crate::io) fn string(&self, keyword: &str) -> Option<String> {
        let inner = self.raw(keyword)?.trim_start().strip_prefix('\'')?;
        let mut value = String::new();
        let mut chars = inner.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '\'' {
                // Two quotes stand for one inside the value.
                if chars.peek() != Some(&'\'') {
                    break;
                }
                chars.next();
            }
            value.push(c);
        }
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_string())
    }

    /// A value that is not a string, without its comment.
    fn bare(&self, keyword: &str) -> Option<&str> {
        let raw = self.raw(keyword)?.trim_start();
        if raw.starts_with('\'') {
            return None;
        }
        let value = raw.split('/').next().unwrap_or_default().trim();
        (!value.is_empty()).then_some(value)
    }

    /// A whole-number value, also one written as a string of digits.
    pub(in crate::io) fn integer(&self, keyword: &str) -> Option<i64> {
        match self.bare(keyword) {
            Some(text) => text.parse().ok(),
            None => self.string(keyword)?.parse().ok(),
        }
    }

    /// A finite real value.
    pub(in crate::io) fn real(&self, keyword: &str) -> Option<f64> {
        // Fortran's D exponent is allowed by the standard.
        self.bare(keyword)?.replace(['D', 'd'], "E").parse().ok().filter(|v: &f64| v.is_finite())
    }

    fn logical(&self, keyword: &str) -> Option<bool> {
        match self.bare(keyword)? {
            "T" => Some(true),
            "F" => Some(false),
            _ => None,
        }
    }

    /// A whole number from 0 to `max`, as sizes must be.
    pub(super) fn size(&self, hdu: usize, keyword: &str, max: u64) -> Result<u64, FitsError> {
        self.integer(keyword)
            .and_then(|v| u64::try_from(v).ok())
            .filter(|v| *v <= max)
            .ok_or_else(|| FitsError::Keyword { hdu, keyword: keyword.into() })
    }
}

/// One header-data unit: its header and where its data lie in the file.
#[derive(Clone, Debug)]
pub(in crate::io) struct Hdu {
    pub(in crate::io) index: usize,
    pub(in crate::io) header: Header,
    pub(super) data: std::ops::Range<usize>,
    /// Bytes that the header declares; more than `data` holds where the file was cut off.
    pub(super) declared: u64,
}

impl Hdu {
    pub(super) fn is_table(&self) -> bool {
        self.header.string("XTENSION").is_some_and(|x| x == "BINTABLE" || x == "A3DTABLE")
    }

    /// EXTNAME, or `HDU n`.
    pub(in crate::io) fn name(&self) -> String {
        self.header.string("EXTNAME").unwrap_or_else(|| format!("HDU {}", self.index))
    }
}

/// All units of a file. A file cut off inside the data of a unit ends with that unit; one cut off inside a later
/// header ends before it.
pub(in crate::io) fn hdus(bytes: &[u8]) -> Result<Vec<Hdu>, FitsError> {
    if !bytes.starts_with(b"SIMPLE  =") {
        return Err(FitsError::NotFits);
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (header, data) = match Header::parse(bytes, at) {
            Ok(parsed) => parsed,
            // Padding or rubbish behind the last unit is not our concern; a lost first table is.
            Err(error) if found.len() < 2 => return Err(error),
            Err(_) => break,
        };
        let index = found.len();
        if index == 0 && header.logical("SIMPLE") != Some(true) {
            return Err(FitsError::NotFits);
        }
        let declared = match data_bytes(&header, index) {
            Ok(declared) => declared,
            Err(error) if index < 2 => return Err(error),
            Err(_) => break,
        };
        // A header at the very end of a cut file is padded beyond it.
        let start = data.min(bytes.len());
        let available = bytes.len() - start;
        let end = start + usize::try_from(declared).unwrap_or(usize::MAX).min(available);
        found.push(Hdu { index, header, data: start..end, declared });
        if declared > available as u64 {
            break;
        }
        at = (data + (end - start)).next_multiple_of(BLOCK);
    }
    Ok(found)
}

/// Bytes of data of a unit: |BITPIX|/8 · GCOUNT · (PCOUNT + Π NAXISn).
fn data_bytes(header: &Header, hdu: usize) -> Result<u64, FitsError> {
    let overflow = |keyword: &str| FitsError::Keyword { hdu, keyword: keyword.into() };
    let bits = header.integer("BITPIX").filter(|b| [8, 16, 32, 64, -32, -64].contains(b)).ok_or(overflow("BITPIX"))?;
    let axes = header.size(hdu, "NAXIS", 999)?;
    if axes == 0 {
        return Ok(0);
    }
    let mut elements: u64 = 1;
    for axis in 1..=axes {
        let keyword = format!("NAXIS{axis}");
        let length = header.size(hdu, &keyword, i64::MAX as u64)?;
        elements = elements.checked_mul(length).ok_or_else(|| overflow(&keyword))?;
    }
    let optional = |keyword: &str, default: u64| match header.raw(keyword) {
        Some(_) => header.size(hdu, keyword, i64::MAX as u64),
        None => Ok(default),
    };
    let (parameters, groups) = (optional("PCOUNT", 0)?, optional("GCOUNT", 1)?);
    elements
        .checked_add(parameters)
        .and_then(|n| n.checked_mul(groups))
        .and_then(|n| n.checked_mul(bits.unsigned_abs() / 8))
        .ok_or_else(|| overflow("NAXIS"))
}
