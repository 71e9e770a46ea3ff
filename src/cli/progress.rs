//! Progress of a run on a terminal, as plain lines, or as JSON lines, always on standard error.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use antumbra::pipeline::{Progress, Tally};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A bar on a terminal, plain lines otherwise
    Auto,
    /// One line every few seconds
    Plain,
    /// One JSON object a line
    Json,
    None,
}

/// Seconds between lines of the plain and JSON forms.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A progress display of this kind for `targets` targets.
pub fn display(kind: ProgressKind, targets: usize) -> Box<dyn Progress> {
    match kind {
        ProgressKind::None => Box::new(Silent),
        ProgressKind::Auto if std::io::stderr().is_terminal() => Box::new(Bar::new(targets)),
        ProgressKind::Auto | ProgressKind::Plain => Box::new(Lines::new(targets, Form::Plain)),
        ProgressKind::Json => Box::new(Lines::new(targets, Form::Json)),
    }
}

struct Silent;

impl Progress for Silent {
    fn target_done(&self, _: &Tally) {}
    fn finished(&self, _: &Tally) {}
}

struct Bar(ProgressBar);

impl Bar {
    fn new(targets: usize) -> Self {
        let bar = ProgressBar::new(targets as u64);
        let template = "{bar:32} {pos}/{len} targets  {per_sec}  {eta} left  {msg}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }
}

impl Progress for Bar {
    fn target_done(&self, tally: &Tally) {
        self.0.set_position(tally.targets as u64);
        self.0.set_message(format!("{} candidates, {} errors", tally.candidates, tally.errors));
    }
    fn finished(&self, _: &Tally) {
        self.0.finish_and_clear();
    }
}

#[derive(Clone, Copy)]
enum Form {
    Plain,
    Json,
}

struct Lines {
    form: Form,
    total: usize,
    start: Instant,
    last: Mutex<Instant>,
}

impl Lines {
    fn new(total: usize, form: Form) -> Self {
        let now = Instant::now();
        Self { form, total, start: now, last: Mutex::new(now) }
    }

    fn print(&self, tally: &Tally) {
        let elapsed = self.start.elapsed().as_secs_f64();
        let rate = tally.targets as f64 / elapsed.max(1e-9);
        let left = (self.total - tally.targets.min(self.total)) as f64 / rate.max(1e-9);
        match self.form {
            Form::Plain => eprintln!(
                "{}/{} targets, {:.1}/s, {:.0} s left, {} candidates, {} errors",
                tally.targets, self.total, rate, left, tally.candidates, tally.errors
            ),
            Form::Json => eprintln!(
                "{}",
                serde_json::json!({
                    "targets": tally.targets, "total": self.total, "rate_per_s": rate, "left_s": left,
                    "elapsed_s": elapsed, "candidates": tally.candidates, "fits": tally.fits, "errors": tally.errors,
                })
            ),
        }
    }
}

impl Progress for Lines {
    fn target_done(&self, tally: &Tally) {
        // A poisoned lock only means that another thread panicked while it held an instant.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            self.print(tally);
        }
    }
    fn finished(&self, tally: &Tally) {
        self.print(tally);
    }
}
