//! Results of units of work as files: each appears whole or not at all.
//!
//! A part is `KEY.part` in the folder `units` of a run: Arrow IPC streams one after the other, a JSON directory of them, and
//! the SHA-256 of all that. It is written under another name and renamed, so a run that is killed leaves parts that are
//! whole. Parts are synced once a second at most: where a power failure cuts one short its checksum tells, and it is computed again. Its key is that of version, settings, and everything that the unit was read from: a part that is there under
//! the right key never needs to be computed again, by whatever run. Parts have no `run_id`; the final tables have.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::RunError;
use super::lock::{DirectoryLock, LockError};
use super::manifest::{Counts, Timings};

/// Last bytes of every part.
const MAGIC: &[u8; 8] = b"ANTPART1";

/// How often parts are synced.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// What a unit came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartSummary {
    pub counts: Counts,
    pub timings: Timings,
    /// Targets with data of each sector, quarter or campaign (S1, Q13, C5).
    #[serde(default)]
    pub segments: BTreeMap<String, usize>,
    /// Whether an input could not be read that may be read another time.
    pub again: bool,
}

/// Rows of one table in a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Frame {
    table: String,
    start: u64,
    bytes: u64,
    rows: usize,
}

#[derive(Serialize, Deserialize)]
struct Directory {
    frames: Vec<Frame>,
    summary: PartSummary,
}

/// The folder of parts of one run. No two processes write to it at a time.
pub struct Store {
    dir: PathBuf,
    /// When a part was last synced.
    synced: Arc<Mutex<Option<Instant>>>,
    _lock: DirectoryLock,
}

impl Store {
    /// Opens the folder, making it where it is missing; refused while another process has it.
    pub fn open(dir: &Path) -> Result<Self, RunError> {
        let path = dir.to_path_buf();
        match DirectoryLock::acquire(dir, "lock") {
            Ok(lock) => Ok(Self { dir: path, synced: Arc::default(), _lock: lock }),
            Err(LockError::InUse) => Err(RunError::InUse { path }),
            Err(LockError::Io(source)) => Err(RunError::Output { path, source }),
        }
    }

    pub fn path(&self, key: &str) -> PathBuf {
        part_path(&self.dir, key)
    }

    /// The summary of a part that is there and whole; one that is not whole is removed.
    pub fn summary(&self, key: &str) -> Option<PartSummary> {
        let path = self.path(key);
        if !path.exists() {
            return None;
        }
        let whole = Part::open(&path).and_then(|mut part| part.verify().map(|()| part));
        match whole {
            Ok(part) => Some(part.directory.summary),
            Err(error) => {
                tracing::warn!("{}: {error}; it will be computed again", path.display());
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Starts the part of a unit.
    pub fn write(&self, key: &str) -> Result<PartWriter, RunError> {
        let path = self.path(key);
        let partial = path.with_extension("tmp");
        let file = File::create(&partial).map_err(|source| RunError::Output { path: partial.clone(), source })?;
        Ok(PartWriter {
            path,
            partial,
            synced: Arc::clone(&self.synced),
            file: Some(BufWriter::new(file)),
            hash: Sha256::new(),
            at: 0,
            frames: Vec::new(),
        })
    }

    /// Removes parts other than these, and what killed runs have left.
    pub fn keep_only(&self, keys: &std::collections::HashSet<String>) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_part = path.extension().is_some_and(|e| e == "part");
            let known = path.file_stem().is_some_and(|s| keys.contains(s.to_string_lossy().as_ref()));
            if (is_part && !known) || path.extension().is_some_and(|e| e == "tmp") {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Removes the folder and all parts.
    pub fn remove(self) -> Result<(), RunError> {
        fs::remove_dir_all(&self.dir).map_err(|source| RunError::Output { path: self.dir, source })
    }
}

/// Where the part of a key is in a folder of parts.
pub fn part_path(dir: &Path, key: &str) -> PathBuf {
    dir.join(format!("{key}.part"))
}

/// A part being written. Dropped before [`PartWriter::finish`] it leaves nothing behind.
pub struct PartWriter {
    path: PathBuf,
    partial: PathBuf,
    synced: Arc<Mutex<Option<Instant>>>,
    file: Option<BufWriter<File>>,
    hash: Sha256,
    at: u64,
    frames: Vec<Frame>,
}

impl PartWriter {
    /// Appends rows of a table.
    pub fn add(&mut self, table: &str, batch: &RecordBatch) -> Result<(), RunError> {
        let mut bytes = Vec::new();
        let mut encode = || -> Result<(), ArrowError> {
            let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema())?;
            writer.write(batch)?;
            writer.finish()
        };
        encode().map_err(|source| RunError::Part { path: self.path.clone(), source })?;
        let frame = Frame { table: table.into(), start: self.at, bytes: bytes.len() as u64, rows: batch.num_rows() };
        self.frames.push(frame);
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).map_err(|source| RunError::Output { path: self.partial.clone(), source })
    }

    fn is_time_to_sync(&self) -> bool {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let due = synced.is_none_or(|last| last.elapsed() >= SYNC_INTERVAL);
        if due {
            *synced = Some(Instant::now());
        }
        due
    }

    /// Writes the directory, syncs where it is time and puts the part in place.
    pub fn finish(mut self, summary: PartSummary) -> Result<(), RunError> {
        let failed = |source| RunError::Output { path: self.partial.clone(), source };
        let directory = Directory { frames: std::mem::take(&mut self.frames), summary };
        let directory = serde_json::to_vec(&directory).map_err(|e| failed(e.into()))?;
        self.put(&directory)?;
        self.put(&(directory.len() as u64).to_le_bytes())?;
        let digest = self.hash.finalize_reset();
        self.put(&digest)?;
        self.put(MAGIC)?;
        let failed = |source| RunError::Output { path: self.partial.clone(), source };
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|e| failed(e.into_error()))?;
            if self.is_time_to_sync() {
                file.sync_all().map_err(failed)?;
            }
        }
        fs::rename(&self.partial, &self.path).map_err(failed)
    }
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        // After `finish` it has been renamed.
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// A part that is there.
pub struct Part {
    file: File,
    path: PathBuf,
    directory: Directory,
}

impl Part {
    /// Opens a part and reads its directory; [`Part::verify`] checks the rest.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let damaged = || RunError::DamagedPart { path: path.to_path_buf() };
        let failed = |source| RunError::Input { path: path.to_path_buf(), source };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut end = [0; 48];
        file.seek(SeekFrom::Start(length.checked_sub(48).ok_or_else(damaged)?)).map_err(failed)?;
        file.read_exact(&mut end).map_err(failed)?;
        let bytes = end.first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        let start = (length - 48).checked_sub(bytes).filter(|_| end.ends_with(MAGIC)).ok_or_else(damaged)?;
        let mut directory = vec![0; usize::try_from(bytes).map_err(|_| damaged())?];
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        file.read_exact(&mut directory).map_err(failed)?;
        let directory = serde_json::from_slice(&directory).map_err(|_| damaged())?;
        Ok(Self { file, path: path.to_path_buf(), directory })
    }

    /// Checks that every byte is as it was written.
    pub fn verify(&mut self) -> Result<(), RunError> {
        let failed = |source| RunError::Input { path: self.path.clone(), source };
        let length = self.file.metadata().map_err(failed)?.len();
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut hash = Sha256::new();
        let mut left = length - 40;
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let n = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.file.read_exact(&mut buffer[..n]).map_err(failed)?;
            hash.update(&buffer[..n]);
            left -= n as u64;
        }
        let mut digest = [0; 32];
        self.file.read_exact(&mut digest).map_err(failed)?;
        match hash.finalize()[..] == digest {
            true => Ok(()),
            false => Err(RunError::DamagedPart { path: self.path.clone() }),
        }
    }

    pub fn summary(&self) -> &PartSummary {
        &self.directory.summary
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> usize {
        self.directory.frames.iter().filter(|f| f.table == table).map(|f| f.rows).sum()
    }

    /// Hands over the rows of a table, batch by batch.
    pub fn read(
        &mut self,
        table: &str,
        mut sink: impl FnMut(RecordBatch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        for frame in self.directory.frames.iter().filter(|f| f.table == table) {
            let failed = |source| RunError::Input { path: self.path.clone(), source };
            let damaged = || RunError::DamagedPart { path: self.path.clone() };
            let mut bytes = vec![0; usize::try_from(frame.bytes).map_err(|_| damaged())?];
            self.file.seek(SeekFrom::Start(frame.start)).map_err(failed)?;
            self.file.read_exact(&mut bytes).map_err(failed)?;
            let batches = StreamReader::try_new(bytes.as_slice(), None).map_err(|_| damaged())?;
            for batch in batches {
                sink(batch.map_err(|_| damaged())?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::table::{ERRORS, TableRows, errors_columns};

    fn rows(n: usize) -> RecordBatch {
        let mut rows = TableRows::new(ERRORS, errors_columns());
        for i in 0..n {
            rows.row().text("source", format!("file {i}")).end().unwrap();
        }
        rows.take().unwrap().unwrap()
    }

    #[test]
    fn a_part_comes_back_as_it_was_written_and_damage_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("units")).unwrap();
        assert!(matches!(Store::open(&dir.path().join("units")), Err(RunError::InUse { .. })));
        let mut writer = store.write("k").unwrap();
        writer.add("errors", &rows(3)).unwrap();
        writer.add("other", &rows(1)).unwrap();
        writer.add("errors", &rows(2)).unwrap();
        assert!(store.summary("k").is_none(), "nothing is there before it is whole");
        let summary = PartSummary { again: true, ..PartSummary::default() };
        writer.finish(summary.clone()).unwrap();
        assert_eq!(store.summary("k"), Some(summary));
        let mut part = Part::open(&store.path("k")).unwrap();
        part.verify().unwrap();
        let mut read = Vec::new();
        part.read("errors", |batch| {
            read.push(batch);
            Ok(())
        })
        .unwrap();
        assert_eq!(read, [rows(3), rows(2)]);
        assert_eq!((part.rows("errors"), part.rows("other"), part.rows("none")), (5, 1, 0));

        let mut bytes = fs::read(store.path("k")).unwrap();
        bytes[100] ^= 1;
        fs::write(store.path("k"), &bytes).unwrap();
        assert!(matches!(Part::open(&store.path("k")).unwrap().verify(), Err(RunError::DamagedPart { .. })));
        fs::write(store.path("k"), &bytes[..bytes.len() - 1]).unwrap();
        assert!(store.summary("k").is_none());
        assert!(!store.path("k").exists());
        drop(store.write("half").unwrap());
        assert_eq!(fs::read_dir(dir.path().join("units")).unwrap().count(), 1, "only the lock is left");
    }
}
