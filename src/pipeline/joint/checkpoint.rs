//! The checkpoint of a joint fit as a file beside its results.
//!
//! `checkpoint.jsonl` has three lines: what it is and the key of the fit, the state of the chains, and the SHA-256 of both. It is
//! written aside, synced and renamed, so a fit that is killed leaves a whole one, of the last time or the time before. The key
//! is a hash of all that the draws depend on: a checkpoint under another is never used.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{JointNotice, JointRunError};
use crate::fit::joint::{JointCheckpoint, JointConfig, JointData};
use crate::pipeline::manifest::{hex, write_whole};
use crate::pipeline::run::Existing;

const NAME: &str = "checkpoint.jsonl";
/// A checkpoint of another fit that was found under the name.
const PUT_ASIDE: &str = "checkpoint-other.jsonl";
/// Changes with the layout of the file and of what is in it.
const VERSION: u32 = 1;

/// Time between checkpoints over the time that writing one takes, at least: what checkpoints cost is below 2 %.
const COST: u32 = 50;

/// Name of a fit by all that its draws depend on: version, the whole document with its seed, and the numbers that were read.
pub(super) fn key(config: &JointConfig, data: &JointData) -> String {
    let mut hash = Hashed { to: io::sink(), hash: Sha256::new() };
    // Debug output of the whole: any setting or number that differs gives another key. A hash takes whatever it is given.
    let _ = write!(hash, "{VERSION} {} {config:?} {data:?}", env!("CARGO_PKG_VERSION"));
    hex(&hash.hash.finalize()[..16])
}

#[derive(Serialize, Deserialize)]
struct Header {
    antumbra_checkpoint: u32,
    key: String,
}

/// What lies under the name of a checkpoint.
enum Found {
    Nothing,
    Other,
    Damaged(String),
    Whole(JointCheckpoint),
}

/// The checkpoint of a fit, in the directory of its results.
pub(super) struct CheckpointFile<'a> {
    path: PathBuf,
    key: String,
    interval: Duration,
    /// When the next one is to be written; none after writing has failed.
    due: Option<Instant>,
    tell: &'a (dyn Fn(&JointNotice) + Sync),
}

impl<'a> CheckpointFile<'a> {
    pub(super) fn new(
        out: &Path,
        key: String,
        interval: Duration,
        tell: &'a (dyn Fn(&JointNotice) + Sync),
    ) -> CheckpointFile<'a> {
        Self { path: out.join(NAME), key, interval, due: Instant::now().checked_add(interval), tell }
    }

    /// What to go on from. A checkpoint that cannot be used is reported, and no reason to fail but for
    /// [`Existing::Resume`] and that of another fit.
    pub(super) fn load(&self, existing: Existing) -> Result<Option<JointCheckpoint>, JointRunError> {
        if existing == Existing::Discard {
            self.remove();
            return Ok(None);
        }
        let path = self.path.clone();
        match self.find() {
            Found::Nothing => Ok(None),
            Found::Whole(checkpoint) => {
                (self.tell)(&JointNotice::GoesOn { path, draws: checkpoint.draws() });
                Ok(Some(checkpoint))
            }
            Found::Other if existing == Existing::Resume => Err(JointRunError::NotThisFit { path }),
            Found::Other => {
                let to = path.with_file_name(PUT_ASIDE);
                match fs::rename(&path, &to) {
                    Ok(()) => (self.tell)(&JointNotice::PutAside { path, to }),
                    Err(source) => return Err(JointRunError::Write { path: to, source }),
                }
                Ok(None)
            }
            Found::Damaged(reason) => {
                self.damaged(reason);
                Ok(None)
            }
        }
    }

    /// Says that what was loaded is of no use.
    pub(super) fn damaged(&self, reason: String) {
        (self.tell)(&JointNotice::Damaged { path: self.path.clone(), reason });
    }

    fn find(&self) -> Found {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(e) => return Found::Damaged(e.to_string()),
        };
        let cut_short = || Found::Damaged("it is cut short".into());
        let end = bytes.iter().rev().skip(1).position(|b| *b == b'\n').map(|n| bytes.len() - 1 - n);
        let Some((content, digest)) = end.map(|end| bytes.split_at(end)) else { return cut_short() };
        if digest != digest_line(&Sha256::digest(content)).as_bytes() {
            return Found::Damaged("its checksum is another".into());
        }
        let mut lines = content.split(|b| *b == b'\n');
        let (Some(header), Some(state)) = (lines.next(), lines.next()) else { return cut_short() };
        match serde_json::from_slice::<Header>(header) {
            Err(e) => return Found::Damaged(e.to_string()),
            Ok(header) if header.key != self.key => return Found::Other,
            Ok(_) => {}
        }
        serde_json::from_slice(state).map_or_else(|e| Found::Damaged(e.to_string()), Found::Whole)
    }

    /// How often a fit is to offer a checkpoint: often enough that few seconds are lost, and a fit that has several chains a
    /// thread has been round all of them before the next is due.
    pub(super) fn offered(&self) -> Duration {
        (self.interval / 2).min(Duration::from_secs(5))
    }

    /// Writes a checkpoint if it is time. Where that fails the fit goes on without.
    pub(super) fn keep(&mut self, checkpoint: &JointCheckpoint) {
        let begun = Instant::now();
        if self.due.is_none_or(|due| begun < due) {
            return;
        }
        self.due = match self.write(checkpoint) {
            Ok(()) => {
                let now = Instant::now();
                let cost = now - begun;
                tracing::debug!("checkpoint in {cost:?}");
                now.checked_add(self.interval.max(COST * cost))
            }
            Err(e) => {
                let _ = fs::remove_file(self.partial());
                (self.tell)(&JointNotice::NotKept { path: self.path.clone(), reason: e.to_string() });
                None
            }
        };
    }

    fn write(&self, checkpoint: &JointCheckpoint) -> io::Result<()> {
        write_whole(&self.path, |file| {
            // in blocks, since the state is written number by number
            let mut to = BufWriter::with_capacity(1 << 16, Hashed { to: file, hash: Sha256::new() });
            serde_json::to_writer(&mut to, &Header { antumbra_checkpoint: VERSION, key: self.key.clone() })?;
            to.write_all(b"\n")?;
            serde_json::to_writer(&mut to, checkpoint)?;
            to.write_all(b"\n")?;
            let Hashed { to, hash } = to.into_inner().map_err(io::IntoInnerError::into_error)?;
            to.write_all(digest_line(&hash.finalize()).as_bytes())
        })
    }

    /// As `write_whole` calls it.
    fn partial(&self) -> PathBuf {
        self.path.with_file_name(format!("{NAME}.partial"))
    }

    /// Removes it, once the results are there or nothing of before is wanted. One that stays is of no harm: a fit that goes on
    /// from it ends with the same results.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.partial());
    }
}

fn digest_line(digest: &[u8]) -> String {
    format!("\"{}\"\n", hex(digest))
}

/// Writes, and hashes what it writes.
struct Hashed<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Mutex;

    use super::*;
    use crate::fit::joint::{JointProgress, Series, continue_joint};
    use crate::sample::Every;

    fn system() -> (JointConfig, JointData) {
        let config = "[sampler]\nkind = \"ensemble\"\n[planets.b]\nperiod = 3.0\ntransit_time = 1.0
            rv_semi_amplitude = { uniform = [0.0, 100.0] }\n[rv.A]\njitter = 0.0";
        let mut data = JointData::default();
        let time: Vec<f64> = (0..9).map(|i| 1.3 * f64::from(i)).collect();
        let value = time.iter().map(|t| 30.0 * t.sin()).collect();
        data.velocities.insert("A".into(), Series::new("A", time, value, vec![1.0; 9], Vec::new()).unwrap());
        (toml::from_str(config).unwrap(), data)
    }

    fn checkpoint(draws: usize) -> JointCheckpoint {
        let (config, data) = system();
        let keep = |c: &JointCheckpoint| {
            if c.draws() >= draws { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match continue_joint(&config, &data, None, Every::Draws(1), keep).unwrap() {
            JointProgress::Paused(checkpoint) => checkpoint,
            JointProgress::Done(_) => panic!("it was broken off"),
        }
    }

    #[test]
    fn the_key_is_of_all_that_draws_depend_on() {
        let (config, data) = system();
        let first = key(&config, &data);
        assert_eq!(first, key(&config, &data));
        let mut seed = config.clone();
        seed.sampler.seed += 1;
        let mut prior = config.clone();
        prior.planets.get_mut("b").unwrap().period = 3.1.into();
        let mut other = data.clone();
        let (times, values) = ((0..9).map(f64::from).collect(), vec![0.0; 9]);
        other.velocities.insert("A".into(), Series::new("A", times, values, vec![1.0; 9], Vec::new()).unwrap());
        let keys = [first, key(&seed, &data), key(&prior, &data), key(&config, &other)];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn damage_of_any_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let file = CheckpointFile::new(dir.path(), "k".into(), Duration::ZERO, &|_| {});
        assert!(matches!(file.find(), Found::Nothing));
        let written = checkpoint(3);
        file.write(&written).unwrap();
        let Found::Whole(read) = file.find() else { panic!("it is whole") };
        assert_eq!(serde_json::to_string(&read).unwrap(), serde_json::to_string(&written).unwrap());
        let bytes = fs::read(&file.path).unwrap();
        for i in 0..bytes.len() {
            fs::write(&file.path, &bytes[..i]).unwrap();
            assert!(matches!(file.find(), Found::Damaged(_)), "cut at {i}");
            let mut changed = bytes.clone();
            changed[i] ^= 1 << (i % 8);
            fs::write(&file.path, &changed).unwrap();
            assert!(matches!(file.find(), Found::Damaged(_)), "changed at {i}");
        }
        // whole as a file, but of something else
        for content in ["\n", "{}\n{}\n", "{\"antumbra_checkpoint\":1,\"key\":\"k\"}\n[]\n"] {
            fs::write(&file.path, content.to_string() + &digest_line(&Sha256::digest(content))).unwrap();
            assert!(matches!(file.find(), Found::Damaged(_)), "{content}");
        }
        fs::write(&file.path, bytes).unwrap();
        let other = CheckpointFile::new(dir.path(), "l".into(), Duration::ZERO, &|_| {});
        assert!(matches!(other.find(), Found::Other));
    }

    #[test]
    fn checkpoints_are_written_when_due_and_fits_go_on_where_they_cannot_be() {
        let dir = tempfile::tempdir().unwrap();
        let told = Mutex::new(Vec::new());
        let tell = |notice: &JointNotice| told.lock().unwrap().push(notice.clone());
        let state = checkpoint(0);
        let mut seldom = CheckpointFile::new(dir.path(), "k".into(), Duration::MAX, &tell);
        seldom.keep(&state);
        assert!(!seldom.path.exists());
        let mut often = CheckpointFile::new(dir.path(), "k".into(), Duration::ZERO, &tell);
        often.keep(&state);
        assert!(often.path.exists() && !often.partial().exists());
        // no sooner again than fifty times what writing cost
        assert!(often.due.unwrap() > Instant::now());
        often.remove();
        assert!(!often.path.exists() && told.lock().unwrap().is_empty());
        let nowhere = dir.path().join("nowhere");
        let mut file = CheckpointFile::new(&nowhere, "k".into(), Duration::ZERO, &tell);
        file.keep(&state);
        file.keep(&state);
        assert!(matches!(&told.lock().unwrap()[..], [JointNotice::NotKept { .. }]));
    }
}
