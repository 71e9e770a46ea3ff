//! Where the bytes of an input come from: a file, or an object on another machine.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::error::ReadError;
use super::inputs::hex;
use super::remote::{self, Object};

/// Blocks of a Parquet file that go into its checksum, evenly spaced, and their size.
const SAMPLED_BLOCKS: u64 = 64;
const SAMPLED_BYTES: u64 = 4096;

/// An input that is open.
pub(in crate::io) enum Source {
    File(File),
    Remote(Object),
}

/// Whether the path is a URL.
pub(super) fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|path| remote::scheme(path).is_some())
}

impl Source {
    pub(in crate::io) fn open(path: &Path) -> Result<Self, ReadError> {
        match is_remote(path) {
            true => Ok(Self::Remote(Object::open(path)?)),
            false => Ok(Self::File(File::open(path)?)),
        }
    }

    pub(super) fn size(&self) -> Result<u64, ReadError> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Remote(object) => Ok(object.len()),
        }
    }

    /// Whether it is a Parquet file, by its first bytes, or by its last ones where those come first.
    pub(super) fn is_parquet(&mut self) -> Result<bool, ReadError> {
        match self {
            Self::File(file) => {
                let mut magic = Vec::new();
                file.take(4).read_to_end(&mut magic)?;
                file.seek(SeekFrom::Start(0))?;
                Ok(magic == b"PAR1")
            }
            Self::Remote(object) => object.is_parquet(),
        }
    }

    /// All bytes.
    pub(super) fn whole(&mut self) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::File(file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            Self::Remote(object) => object.whole(),
        }
    }

    /// [`InputFile::checksum`](super::InputFile::checksum) of what holds these bytes.
    pub(super) fn checksum(&self, whole: &[u8]) -> String {
        match self {
            Self::File(_) => format!("sha256:{}", hex(&Sha256::digest(whole))),
            Self::Remote(object) => object.tag(),
        }
    }

    /// The same of a Parquet file.
    pub(super) fn parquet_checksum(&mut self) -> Result<String, ReadError> {
        let length = self.size()?;
        match self {
            Self::File(file) => parquet_checksum(file, length),
            Self::Remote(object) => Ok(object.tag()),
        }
    }

    /// Why reading failed, where it was a request that did: more than the words that a decoder makes of it.
    pub(super) fn failure(&self) -> Option<ReadError> {
        match self {
            Self::File(_) => None,
            Self::Remote(object) => object.failure(),
        }
    }
}

fn parquet_checksum(file: &mut File, length: u64) -> Result<String, ReadError> {
    let mut hash = Sha256::new();
    hash.update(length.to_le_bytes());
    let mut add = |start: u64, bytes: u64| -> Result<Vec<u8>, ReadError> {
        file.seek(SeekFrom::Start(start))?;
        let mut block = Vec::new();
        (&mut *file).take(bytes).read_to_end(&mut block)?;
        hash.update(&block);
        Ok(block)
    };
    // The last eight bytes are the length of the footer and the magic number.
    let end = add(length.saturating_sub(8), 8)?;
    let footer = end.first_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes))).min(length);
    add(length.saturating_sub(8 + footer), footer)?;
    let step = (length / SAMPLED_BLOCKS).max(SAMPLED_BYTES);
    for start in (0..length).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        add(start, SAMPLED_BYTES)?;
    }
    Ok(format!("parquet:{}", hex(&hash.finalize())))
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => Length::len(file),
            Self::Remote(object) => object.len(),
        }
    }
}

impl ChunkReader for Source {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> ParquetResult<ChunkRead> {
        match self {
            Self::File(file) => file.get_read(start).map(ChunkRead::File),
            Self::Remote(object) => Ok(ChunkRead::Remote { object: object.clone(), next: start, bytes: Bytes::new() }),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Remote(object) => {
                object.bytes(start, length).map_err(|error| ParquetError::External(Box::new(error)))
            }
        }
    }
}

/// Reads on from a place.
pub(in crate::io) enum ChunkRead {
    File(BufReader<File>),
    /// `bytes` are those before `next` that have not been read.
    Remote {
        object: Object,
        next: u64,
        bytes: Bytes,
    },
}

impl Read for ChunkRead {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Remote { object, next, bytes } => {
                if bytes.is_empty() {
                    *bytes = object.bytes_from(*next).map_err(std::io::Error::other)?;
                    *next += bytes.len() as u64;
                }
                let some = bytes.split_to(out.len().min(bytes.len()));
                out[..some.len()].copy_from_slice(&some);
                Ok(some.len())
            }
        }
    }
}
