//! From what the user names to files, and from files to bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{InputError, ReadError};
use super::remote;
use super::source::{Source, is_remote};

/// A gzip file that inflates to more than this is refused, and so is a larger object that must be fetched whole.
pub(super) const MAX_INFLATED_BYTES: u64 = 1 << 30;
/// Folders below folders, as a guard against links in a circle.
const MAX_DEPTH: usize = 32;

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// As the user named it, or below the folder that the user named.
    pub path: PathBuf,
    pub bytes: u64,
    /// `sha256:` and the SHA-256 of the bytes as stored; of a Parquet file `parquet:` and that of its length, its footer
    /// and 64 evenly spaced blocks of 4 KiB.
    ///
    /// The footer holds place, size and, as most writers have it, smallest and largest value of every column of every row
    /// group. A file that was written anew with other values differs there or in the blocks; bits that rotted on the disk
    /// may not, and those are for the decoder to find. In exchange a collection of any size is known after reading its end.
    ///
    /// Of an object on another machine, what its server says: `etag:` and its entity tag, or `modified:` and the time of its
    /// last change; where the server says neither, `tail:` and the SHA-256 of size and last 64 KiB.
    pub checksum: String,
}

/// All files that the inputs stand for, sorted by path, each once.
///
/// An input is a file, a folder (all files below it but hidden ones, and those that describe a partitioned collection) or a
/// glob, or a URL of these on another machine. Of a HATS catalogue only the files with its rows count.
pub(in crate::io) fn expand(inputs: &[String]) -> (Vec<PathBuf>, Vec<InputError>) {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for input in inputs {
        let input = input.strip_prefix("file://").unwrap_or(input);
        if remote::scheme(input).is_some() {
            match remote::expand(input) {
                Ok(urls) => files.extend(urls),
                Err(error) => errors.push(InputError::new(input, None, error)),
            }
            continue;
        }
        let path = Path::new(input);
        if path.exists() {
            walk(path, 0, &mut files, &mut errors);
        } else if input.contains(['*', '?', '[']) {
            match glob::glob(input) {
                Ok(paths) => {
                    let before = files.len();
                    for path in paths.flatten() {
                        walk(&path, 0, &mut files, &mut errors);
                    }
                    if files.len() == before {
                        errors.push(InputError::new(input, None, ReadError::NoMatch));
                    }
                }
                Err(error) => errors.push(InputError::new(input, None, error)),
            }
        } else {
            errors.push(InputError::new(input, None, ReadError::NoMatch));
        }
    }
    // The same file may be named twice, in two ways; the shorter name stays.
    let mut named: Vec<(PathBuf, PathBuf)> =
        files.into_iter().map(|path| (path.canonicalize().unwrap_or_else(|_| path.clone()), path)).collect();
    named.sort_by(|a, b| (&a.0, a.1.as_os_str().len(), &a.1).cmp(&(&b.0, b.1.as_os_str().len(), &b.1)));
    named.dedup_by(|a, b| a.0 == b.0);
    let mut files: Vec<PathBuf> = named.into_iter().map(|(_, path)| path).collect();
    files.sort();
    (files, errors)
}

/// Files that tools lay beside the parts of a partitioned collection.
pub(super) const DESCRIPTIONS: [&str; 5] =
    ["_metadata", "_common_metadata", "_SUCCESS", "_delta_log", "data_thumbnail.parquet"];

/// Files that say what a HATS catalogue is, in one version of the format or another.
pub(super) const HATS_PROPERTIES: [&str; 3] = ["hats.properties", "properties", "catalog_info.json"];

/// Whether a folder is a HATS catalogue (or a HiPSCat one, as it was called before): rows in `dataset/Norder=…/Dir=…/`,
/// beside them tables that say where on the sky the parts lie.
fn is_hats(path: &Path) -> bool {
    let described = HATS_PROPERTIES.iter().any(|name| path.join(name).is_file());
    described && path.join("dataset").is_dir()
}

fn walk(path: &Path, depth: usize, files: &mut Vec<PathBuf>, errors: &mut Vec<InputError>) {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return;
    }
    if depth > MAX_DEPTH {
        return;
    }
    if is_hats(path) {
        return walk(&path.join("dataset"), depth + 1, files, errors);
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return errors.push(InputError::new(path.display().to_string(), None, error)),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !DESCRIPTIONS.contains(&name.as_ref()) {
            walk(&entry.path(), depth + 1, files, errors);
        }
    }
}

/// The format of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Format {
    Fits,
    Parquet,
    Numpy,
    Text,
}

/// What a file holds: its format and, but for Parquet, its bytes, inflated where it is compressed.
pub(in crate::io) struct Content {
    pub(in crate::io) format: Format,
    pub(in crate::io) bytes: Vec<u8>,
}

impl Content {
    /// The bytes as text; what is not UTF-8 shows as replacement characters.
    pub(in crate::io) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Reads a file and tells its format.
pub(in crate::io) fn content(path: &Path) -> Result<Content, ReadError> {
    let mut source = Source::open(path)?;
    if source.is_parquet()? {
        return Ok(Content { format: Format::Parquet, bytes: Vec::new() });
    }
    to_content(source.whole()?)
}

/// As [`content`], with size and checksum of the file as stored, which a file has whatever it holds.
pub(super) fn content_and_checksum(
    source: &mut Source,
    path: &Path,
) -> Result<(Result<Content, ReadError>, InputFile), ReadError> {
    let (content, bytes, checksum) = if source.is_parquet()? {
        let content = Ok(Content { format: Format::Parquet, bytes: Vec::new() });
        (content, source.size()?, source.parquet_checksum()?)
    } else {
        let bytes = source.whole()?;
        let (length, checksum) = (bytes.len() as u64, source.checksum(&bytes));
        (to_content(bytes), length, checksum)
    };
    Ok((content, InputFile { path: path.to_path_buf(), bytes, checksum }))
}

/// Whether two files of equal length hold the same bytes. Objects on other machines are not fetched to find out.
pub(super) fn same_bytes(a: &Path, b: &Path) -> Result<bool, ReadError> {
    if is_remote(a) || is_remote(b) {
        return Ok(false);
    }
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let mut buffers = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let n = a.read(&mut buffers.0)?;
        if n == 0 {
            return Ok(b.read(&mut buffers.1)? == 0);
        }
        b.read_exact(&mut buffers.1[..n])?;
        if buffers.0[..n] != buffers.1[..n] {
            return Ok(false);
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn to_content(bytes: Vec<u8>) -> Result<Content, ReadError> {
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) { inflate(&bytes)? } else { bytes };
    if bytes.is_empty() {
        return Err(ReadError::EmptyFile);
    }
    let format = if bytes.starts_with(b"SIMPLE  =") {
        Format::Fits
    } else if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x93NUMPY") {
        Format::Numpy
    } else {
        let head = &bytes[..bytes.len().min(8192)];
        let odd = head.iter().filter(|b| b.is_ascii_control() && !b.is_ascii_whitespace()).count();
        if head.contains(&0) || odd * 100 > head.len() {
            let magic = head.iter().take(8).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
            return Err(ReadError::UnknownFormat { why: format!("it begins with bytes {magic}") });
        }
        Format::Text
    };
    Ok(Content { format, bytes })
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).take(MAX_INFLATED_BYTES + 1).read_to_end(&mut out)?;
    if out.len() as u64 > MAX_INFLATED_BYTES {
        return Err(ReadError::TooLarge { limit: MAX_INFLATED_BYTES });
    }
    Ok(out)
}
