//! CPU time of this thread.

/// Seconds of CPU that this thread has used.
pub fn cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec to where it is told to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } != 0;
    assert!(!failed, "this system has no clock of the CPU time of a thread");
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

/// Median and least CPU seconds of one call of `work`, over samples of at least 20 ms each, until a second or so is spent.
pub fn time<T>(mut work: impl FnMut() -> T) -> Timing {
    let start = cpu();
    std::hint::black_box(work());
    let once = (cpu() - start).max(1e-7);
    let inner = (0.02 / once).min(1e4).ceil().max(1.0) as usize;
    let samples = (1.5 / (once * inner as f64)).ceil().clamp(3.0, 25.0) as usize;
    let mut each: Vec<f64> = (0..samples)
        .map(|_| {
            let start = cpu();
            for _ in 0..inner {
                std::hint::black_box(work());
            }
            (cpu() - start) / inner as f64
        })
        .collect();
    each.sort_by(f64::total_cmp);
    Timing { median: each[samples / 2], least: each[0] }
}

#[derive(Clone, Copy)]
pub struct Timing {
    pub median: f64,
    pub least: f64,
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} (least {})", readable(self.median), readable(self.least))
    }
}

/// Seconds with a unit, to three figures.
pub fn readable(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (1e3 * s, "ms"),
        s => (1e6 * s, "µs"),
    };
    let decimals = (2 - value.log10().floor() as i32).clamp(0, 3) as usize;
    format!("{value:.decimals$} {unit}")
}
