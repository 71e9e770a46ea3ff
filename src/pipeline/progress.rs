//! How far a run is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::manifest::Counts;

/// Running totals, for whoever shows progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Targets there are.
    pub total: usize,
    /// Targets done, those that an earlier run had done among them.
    pub targets: usize,
    /// Targets that an earlier run had done.
    pub kept: usize,
    /// Targets that ended as an error.
    pub failed: usize,
    pub candidates: usize,
    pub single_transits: usize,
    /// Fits that have converged, and that have not.
    pub fits: usize,
    /// Rows of the error table.
    pub errors: usize,
    pub elapsed_s: f64,
    /// Targets computed a second.
    pub rate_per_s: f64,
    /// Seconds until the end, at this rate; unset before the first target is done.
    pub left_s: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub peak_memory_bytes: Option<u64>,
}

/// Told several times a second how far a run is.
pub trait Progress {
    fn update(&self, tally: &Tally);
    fn finished(&self, tally: &Tally);
}

/// Shows nothing.
pub struct NoProgress;

impl Progress for NoProgress {
    fn update(&self, _: &Tally) {}
    fn finished(&self, _: &Tally) {}
}

/// Totals that several threads add to.
pub(super) struct Live {
    start: Instant,
    total: usize,
    kept: AtomicUsize,
    targets: AtomicUsize,
    failed: AtomicUsize,
    candidates: AtomicUsize,
    single_transits: AtomicUsize,
    fits: AtomicUsize,
    errors: AtomicUsize,
}

impl Live {
    pub fn new(total: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self {
            start: Instant::now(),
            total,
            kept: zero(),
            targets: zero(),
            failed: zero(),
            candidates: zero(),
            single_transits: zero(),
            fits: zero(),
            errors: zero(),
        }
    }

    pub fn add(&self, counts: &Counts) {
        let add = |to: &AtomicUsize, n: usize| to.fetch_add(n, Ordering::Relaxed);
        add(&self.targets, counts.targets);
        add(&self.failed, counts.targets_failed);
        add(&self.candidates, counts.candidates);
        add(&self.single_transits, counts.single_transits);
        add(&self.fits, counts.fits_converged + counts.fits_not_converged);
        add(&self.errors, counts.error_rows);
    }

    /// Adds what an earlier run has done.
    pub fn keep(&self, counts: &Counts) {
        self.kept.fetch_add(counts.targets, Ordering::Relaxed);
        self.add(counts);
    }

    pub fn tally(&self) -> Tally {
        let get = |from: &AtomicUsize| from.load(Ordering::Relaxed);
        let (targets, kept) = (get(&self.targets), get(&self.kept));
        let elapsed_s = self.start.elapsed().as_secs_f64();
        let rate_per_s = targets.saturating_sub(kept) as f64 / elapsed_s.max(1e-9);
        let memory = memory();
        Tally {
            total: self.total,
            targets,
            kept,
            failed: get(&self.failed),
            candidates: get(&self.candidates),
            single_transits: get(&self.single_transits),
            fits: get(&self.fits),
            errors: get(&self.errors),
            elapsed_s,
            rate_per_s,
            left_s: (rate_per_s > 0.0).then(|| self.total.saturating_sub(targets) as f64 / rate_per_s),
            memory_bytes: memory.map(|m| m.0),
            peak_memory_bytes: memory.map(|m| m.1),
        }
    }
}

/// Memory of this process, now and at most (bytes), where the system tells.
pub fn memory() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb * 1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}
