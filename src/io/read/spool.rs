//! Sorting and keeping more records than fit into memory, in files that vanish with the process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of records held in memory before they go to a file.
pub(super) const BUDGET: usize = 4 << 20;

/// A file without a name: it is gone when it is closed, also when the process is killed.
fn nameless(scratch: &Path) -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    std::fs::create_dir_all(scratch)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = scratch.join(format!(".antumbra-{}-{number}.tmp", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// A key and a value.
type Record = (Vec<u8>, Vec<u8>);

/// Takes records in any order and gives them back sorted by key; of equal keys the first comes first.
///
/// Memory: the budget while records come in, and a few kilobytes for every budget's worth of records while they go out.
pub(super) struct Sorter {
    scratch: PathBuf,
    budget: usize,
    held: Vec<Record>,
    bytes: usize,
    runs: Vec<File>,
}

impl Sorter {
    pub(super) fn new(scratch: &Path, budget: usize) -> Self {
        Self { scratch: scratch.to_path_buf(), budget, held: Vec::new(), bytes: 0, runs: Vec::new() }
    }

    pub(super) fn push(&mut self, key: Vec<u8>, value: Vec<u8>) -> io::Result<()> {
        self.bytes += key.len() + value.len() + size_of::<Record>();
        self.held.push((key, value));
        // A little more for each run there is, lest there be more of them than a process may have open files.
        if self.bytes > self.budget * (1 + self.runs.len() / 128) { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_by(|a, b| a.0.cmp(&b.0));
        let mut out = BufWriter::new(nameless(&self.scratch)?);
        for (key, value) in self.held.drain(..) {
            for part in [key, value] {
                let length = u32::try_from(part.len()).map_err(io::Error::other)?;
                out.write_all(&length.to_le_bytes())?;
                out.write_all(&part)?;
            }
        }
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        self.held.sort_by(|a, b| a.0.cmp(&b.0));
        let mut runs: Vec<Run> = self.runs.into_iter().map(|f| Run::File(BufReader::new(f))).collect();
        runs.push(Run::Memory(self.held.into_iter()));
        let mut heads = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            if let Some((key, value)) = run.next()? {
                heads.push(Reverse((key, number, value)));
            }
        }
        Ok(Sorted { runs, heads })
    }
}

enum Run {
    File(BufReader<File>),
    Memory(std::vec::IntoIter<Record>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Record>> {
        let file = match self {
            Run::Memory(records) => return Ok(records.next()),
            Run::File(file) => file,
        };
        let mut part = || -> io::Result<Option<Vec<u8>>> {
            let mut length = [0; 4];
            match file.read_exact(&mut length) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(e) => return Err(e),
            }
            let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
            file.read_exact(&mut bytes)?;
            Ok(Some(bytes))
        };
        let Some(key) = part()? else { return Ok(None) };
        Ok(Some((key, part()?.unwrap_or_default())))
    }
}

/// The first record of a run: key, number of the run, value.
type Head = Reverse<(Vec<u8>, usize, Vec<u8>)>;

/// Records in the order of their keys.
pub(super) struct Sorted {
    runs: Vec<Run>,
    heads: BinaryHeap<Head>,
}

impl Iterator for Sorted {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((key, number, value)) = self.heads.pop()?;
        match self.runs[number].next() {
            Ok(Some((key, value))) => self.heads.push(Reverse((key, number, value))),
            Ok(None) => {}
            Err(e) => return Some(Err(e)),
        }
        Some(Ok((key, value)))
    }
}

/// Bytes written once, one after the other, and read from anywhere.
pub(super) struct Spool {
    scratch: PathBuf,
    budget: usize,
    held: Vec<u8>,
    file: Option<Mutex<File>>,
    in_file: u64,
}

impl Spool {
    pub(super) fn new(scratch: &Path, budget: usize) -> Self {
        Self { scratch: scratch.to_path_buf(), budget, held: Vec::new(), file: None, in_file: 0 }
    }

    /// Length so far: where the next bytes go.
    pub(super) fn len(&self) -> u64 {
        self.in_file + self.held.len() as u64
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        if self.held.len() <= self.budget {
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(Mutex::new(nameless(&self.scratch)?));
        }
        if let Some(file) = &mut self.file {
            let file = file.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.in_file))?;
            file.write_all(&self.held)?;
        }
        self.in_file += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    pub(super) fn read(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let from_file = usize::try_from(self.in_file.saturating_sub(start)).unwrap_or(usize::MAX).min(length);
        if let Some(file) = self.file.as_ref().filter(|_| from_file > 0) {
            let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut bytes[..from_file])?;
        }
        let at = usize::try_from((start + from_file as u64).saturating_sub(self.in_file)).unwrap_or(usize::MAX);
        let rest = self.held.get(at..at.saturating_add(length - from_file));
        let rest = rest.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        bytes[from_file..].copy_from_slice(rest);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_sorted_whether_they_fit_into_memory_or_not() {
        let scratch = tempfile::tempdir().unwrap();
        let record = |i: u64| (((i * 7919) % 500).to_be_bytes().to_vec(), i.to_le_bytes().to_vec());
        let mut expected: Vec<Record> = (0..3000).map(record).collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        for budget in [1 << 30, 10_000, 1] {
            let mut sorter = Sorter::new(&scratch.path().join("below"), budget);
            for i in 0..3000 {
                let (key, value) = record(i);
                sorter.push(key, value).unwrap();
                // One file a record is more than a process may have open.
                if budget == 1 && i == 99 {
                    break;
                }
            }
            let sorted: Vec<Record> = sorter.finish().unwrap().map(Result::unwrap).collect();
            if budget > 1 {
                assert!(sorted == expected);
            } else {
                assert!(sorted.windows(2).all(|w| w[0].0 <= w[1].0) && sorted.len() == 100);
            }
        }
        assert_eq!(std::fs::read_dir(scratch.path().join("below")).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_spool_reads_across_the_end_of_its_file() {
        let scratch = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(scratch.path(), 100);
        let bytes: Vec<u8> = (0..=255).cycle().take(1030).collect();
        for chunk in bytes.chunks(30) {
            spool.push(chunk).unwrap();
        }
        assert_eq!(spool.len(), 1030);
        for (start, length) in [(0, 1030), (0, 10), (1000, 30), (1020, 10), (500, 530), (1030, 0)] {
            assert_eq!(spool.read(start as u64, length).unwrap(), &bytes[start..start + length], "{start} {length}");
        }
        assert!(spool.read(1020, 11).is_err());
    }
}
