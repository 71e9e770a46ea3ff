//! CPU time of this thread.

/// Seconds of CPU that this thread has used; of wall time where the system does not say.
pub fn cpu() -> f64 {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|s| s.split(' ').next().and_then(|n| n.parse::<f64>().ok()));
    nanoseconds.map_or_else(wall, |n| n * 1e-9)
}

fn wall() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |d| d.as_secs_f64())
}

/// Median and least CPU seconds of one call of `work`, over samples of at least 20 ms each, until a second or so is spent.
pub fn time<T>(mut work: impl FnMut() -> T) -> Timing {
    let start = cpu();
    std::hint::black_box(work());
    let once = (cpu() - start).max(1e-7);
    let inner = (0.02 / once).ceil().max(1.0) as usize;
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
