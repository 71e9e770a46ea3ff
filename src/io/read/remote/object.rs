//! One object.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStoreExt};
use sha2::{Digest, Sha256};

use super::client::{Client, Location, failed, gives_no_ranges};
use super::held::Held;
use crate::io::read::error::ReadError;
use crate::io::read::inputs::{MAX_INFLATED_BYTES, hex};

/// Last bytes of an object that come with the first request: the footer of most Parquet files, and small files whole.
const TAIL_BYTES: u64 = 64 << 10;
const MAGIC: &[u8] = b"PAR1";

/// An object that was looked at. Clones share the bytes that are held.
#[derive(Clone)]
pub(in crate::io::read) struct Object {
    about: Arc<About>,
    held: Arc<Mutex<Held>>,
    /// What went wrong last: a decoder in between keeps no more of it than words.
    failure: Arc<Mutex<Option<ReadError>>>,
}

struct About {
    location: Location,
    meta: ObjectMeta,
    /// Of an object whose server says nothing that would tell a changed one: of its size and last bytes.
    tail_checksum: Option<String>,
    ranges: Ranges,
}

/// Whether the server gives parts of the object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ranges {
    Given,
    Refused,
}

impl Object {
    /// Asks for the last bytes, which come with size and tag.
    pub(in crate::io::read) fn open(path: &Path) -> Result<Self, ReadError> {
        let client = Client::get()?;
        let location = client.locate(&path.to_string_lossy())?;
        client.wait(async {
            let options = GetOptions { range: Some(GetRange::Suffix(TAIL_BYTES)), ..GetOptions::default() };
            match location.store.get_opts(&location.path, options).await {
                Ok(answer) => {
                    let (meta, start) = (answer.meta.clone(), answer.range.start);
                    let tail = answer.bytes().await.map_err(|error| failed(&error))?;
                    Ok(Self::new(location, meta, start, tail, Ranges::Given))
                }
                Err(error) if gives_no_ranges(&error) => {
                    let answer = location.store.get(&location.path).await.map_err(|error| failed(&error))?;
                    let meta = answer.meta.clone();
                    let bytes = whole_of(answer).await?;
                    Ok(Self::new(location, meta, 0, bytes, Ranges::Refused))
                }
                Err(error) => Err(failed(&error)),
            }
        })
    }

    fn new(location: Location, meta: ObjectMeta, start: u64, last: Bytes, ranges: Ranges) -> Self {
        let known = meta.e_tag.is_some() || is_dated(&meta);
        let tail_checksum = (!known).then(|| {
            let mut hash = Sha256::new();
            hash.update(meta.size.to_le_bytes());
            hash.update(&last);
            hex(&hash.finalize())
        });
        let about = About { location, meta, tail_checksum, ranges };
        Self { about: Arc::new(about), held: Arc::new(Mutex::new(Held::new(start, last))), failure: Arc::default() }
    }

    /// The same object for a reader that will want these ranges: of each row group those of its columns. What is held goes
    /// when this goes, but a small object that came whole stays.
    pub(in crate::io::read) fn with_ranges(&self, ranges: Vec<Vec<Range<u64>>>) -> Self {
        let whole = self.lock().is_whole(self.len());
        let held = if whole { Arc::clone(&self.held) } else { Arc::new(Mutex::new(Held::expecting(ranges))) };
        Self { about: Arc::clone(&self.about), held, failure: Arc::default() }
    }

    pub(in crate::io::read) fn len(&self) -> u64 {
        self.about.meta.size
    }

    /// `etag:` and the entity tag, or `modified:` and the time of the last change, or, where the server says neither, `tail:`
    /// and the SHA-256 of size and last 64 KiB.
    pub(in crate::io::read) fn tag(&self) -> String {
        let about = &self.about;
        match (&about.meta.e_tag, &about.tail_checksum) {
            (Some(tag), _) => format!("etag:{tag}"),
            (None, Some(checksum)) => format!("tail:{checksum}"),
            (None, None) => format!("modified:{}", about.meta.last_modified.to_rfc3339()),
        }
    }

    /// Whether it ends as a Parquet file does; what only begins as one does not count here. Such a file of a server that
    /// gives no parts is refused.
    pub(in crate::io::read) fn is_parquet(&mut self) -> Result<bool, ReadError> {
        let size = self.len();
        if size < 2 * MAGIC.len() as u64 {
            return Ok(false);
        }
        let end = self.bytes(size - MAGIC.len() as u64, MAGIC.len())?;
        match (end == MAGIC, self.about.ranges) {
            (false, _) => Ok(false),
            (true, Ranges::Given) => Ok(true),
            (true, Ranges::Refused) => Err(ReadError::Url {
                why: "a Parquet file is read in parts, and its server gives none (no answer to range requests)".into(),
            }),
        }
    }

    /// All bytes.
    pub(in crate::io::read) fn whole(&self) -> Result<Vec<u8>, ReadError> {
        let size = self.len();
        if let Ok(length) = usize::try_from(size)
            && let Some(bytes) = self.lock().get(0, length)
        {
            return Ok(bytes.to_vec());
        }
        let Location { store, path } = &self.about.location;
        let bytes = Client::get()?.wait(async {
            let answer = store.get_opts(path, self.options(None)).await.map_err(|error| failed(&error))?;
            self.check(&answer.meta)?;
            whole_of(answer).await
        })?;
        Ok(bytes.into())
    }

    /// These bytes, fetched if they are not held.
    pub(in crate::io::read) fn bytes(&self, start: u64, length: usize) -> Result<Bytes, ReadError> {
        self.have(start, length).map(|bytes| bytes.slice(..length)).inspect_err(|error| self.keep(error))
    }

    /// Bytes from a place on, as many as are held or come with one request; none at the end.
    pub(in crate::io::read) fn bytes_from(&self, start: u64) -> Result<Bytes, ReadError> {
        if start >= self.len() {
            return Ok(Bytes::new());
        }
        self.have(start, 1).inspect_err(|error| self.keep(error))
    }

    /// Why a request failed, where the last one did.
    pub(in crate::io::read) fn failure(&self) -> Option<ReadError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: &ReadError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error.again();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At least so many bytes from `start` on.
    fn have(&self, start: u64, length: usize) -> Result<Bytes, ReadError> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.len());
        let Some(end) = end else {
            let what = format!("bytes {start} to {} of {}", start.saturating_add(length as u64), self.len());
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what).into());
        };
        // Other readers of the same clone wait, and then find what has been fetched.
        let mut held = self.lock();
        if let Some(bytes) = held.get(start, length) {
            return Ok(bytes);
        }
        let (group, ranges) = held.wanted(start..end, self.len());
        let fetched = self.fetch(&ranges)?;
        held.put(group, ranges.iter().map(|range| range.start).zip(fetched));
        held.get(start, length).ok_or_else(|| {
            io::Error::new(io::ErrorKind::UnexpectedEof, "the server gave fewer bytes than asked for").into()
        })
    }

    /// The ranges, all asked for at once.
    fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ReadError> {
        let Location { store, path } = &self.about.location;
        let one = |range: Range<u64>| async move {
            let options = self.options(Some(GetRange::Bounded(range)));
            let answer = store.get_opts(path, options).await.map_err(|error| failed(&error))?;
            self.check(&answer.meta)?;
            answer.bytes().await.map_err(|error| failed(&error))
        };
        Client::get()?.wait(try_join_all(ranges.iter().cloned().map(one)))
    }

    fn options(&self, range: Option<GetRange>) -> GetOptions {
        // A weak tag never matches in a condition; what comes back is compared in any case.
        let if_match = self.about.meta.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        GetOptions { range, if_match, ..GetOptions::default() }
    }

    fn check(&self, meta: &ObjectMeta) -> Result<(), ReadError> {
        let about = &self.about.meta;
        let same = match (&about.e_tag, &meta.e_tag) {
            (Some(before), Some(now)) => before == now,
            _ => about.last_modified == meta.last_modified,
        };
        if same && about.size == meta.size { Ok(()) } else { Err(ReadError::Changed) }
    }
}

fn is_dated(meta: &ObjectMeta) -> bool {
    // What `object_store` puts where the server does not say.
    meta.last_modified.timestamp() != 0
}

async fn whole_of(answer: GetResult) -> Result<Bytes, ReadError> {
    if answer.meta.size > MAX_INFLATED_BYTES {
        return Err(ReadError::TooLarge { limit: MAX_INFLATED_BYTES });
    }
    answer.bytes().await.map_err(|error| failed(&error))
}
