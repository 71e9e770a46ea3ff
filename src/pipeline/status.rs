//! `status.json`: how a run is doing, written every few seconds while it runs and once at its end.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::manifest::write_whole;
use super::progress::Tally;

/// File name.
pub const STATUS: &str = "status.json";
/// How often it is written.
const INTERVAL: Duration = Duration::from_secs(2);
/// A run that has not written it for so long is taken to be dead.
const SILENCE_S: u64 = 30;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Targets are being worked on.
    Running,
    /// All targets are done; the tables are being put together.
    Assembling,
    Done,
    Failed,
}

/// The status of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub state: State,
    pub run_id: String,
    pub shard: Option<String>,
    pub pid: u32,
    pub host: String,
    /// Seconds since 1970.
    pub started: u64,
    pub updated: u64,
    pub threads: usize,
    pub tally: Tally,
    /// Why it failed.
    pub error: Option<String>,
}

impl Status {
    /// The status in a directory of results.
    pub fn load(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join(STATUS);
        let text = std::fs::read(&path).map_err(|source| RunError::Input { path: path.clone(), source })?;
        serde_json::from_slice(&text).map_err(|e| RunError::Input { path, source: e.into() })
    }

    /// Whether the run still goes on, as far as one can tell from here: its process is there or, on another machine, its
    /// last sign of life is recent.
    pub fn is_alive(&self) -> bool {
        if matches!(self.state, State::Done | State::Failed) {
            return false;
        }
        let silent = now().saturating_sub(self.updated) > SILENCE_S;
        match self.host == host() && Path::new("/proc").is_dir() {
            true => Path::new("/proc").join(self.pid.to_string()).is_dir() && !silent,
            false => !silent,
        }
    }
}

/// Writes the status of a run.
pub(super) struct StatusFile {
    path: PathBuf,
    status: Status,
    written: Instant,
}

impl StatusFile {
    pub fn start(dir: &Path, run_id: &str, shard: Option<String>, threads: usize) -> Result<Self, RunError> {
        let started = now();
        let status = Status {
            state: State::Running,
            run_id: run_id.into(),
            shard,
            pid: std::process::id(),
            host: host(),
            started,
            updated: started,
            threads,
            tally: Tally::default(),
            error: None,
        };
        let mut file = Self { path: dir.join(STATUS), status, written: Instant::now() };
        file.write()?;
        Ok(file)
    }

    pub fn update(&mut self, tally: &Tally) -> Result<(), RunError> {
        self.status.tally = *tally;
        if self.written.elapsed() < INTERVAL { Ok(()) } else { self.write() }
    }

    pub fn set(&mut self, state: State) -> Result<(), RunError> {
        self.status.state = state;
        self.write()
    }

    /// Says why the run ended early; that it cannot be said is no further error.
    pub fn failed(&mut self, error: &RunError) {
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            reason.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.status.error = Some(reason);
        let _ = self.set(State::Failed);
    }

    fn write(&mut self) -> Result<(), RunError> {
        self.written = Instant::now();
        self.status.updated = now();
        write_whole(&self.path, |file| Ok(serde_json::to_writer(file, &self.status)?))
            .map_err(|source| RunError::Output { path: self.path.clone(), source })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| String::new(), |name| name.trim().to_string())
}
