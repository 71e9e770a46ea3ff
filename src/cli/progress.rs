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
        ProgressKind::Auto | ProgressKind::Plain => Box::new(Lines::new(Form::Plain)),
        ProgressKind::Json => Box::new(Lines::new(Form::Json)),
    }
}

struct Silent;

impl Progress for Silent {
    fn update(&self, _: &Tally) {}
    fn finished(&self, _: &Tally) {}
}

struct Bar(ProgressBar);

impl Bar {
    fn new(targets: usize) -> Self {
        let bar = ProgressBar::new(targets as u64);
        let template = "{bar:32} {pos}/{len} targets  {msg}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }
}

impl Progress for Bar {
    fn update(&self, tally: &Tally) {
        self.0.set_position(tally.targets as u64);
        self.0.set_message(outcomes(tally));
    }
    fn finished(&self, _: &Tally) {
        self.0.finish_and_clear();
    }
}

/// Rate, time left, counts of each outcome, memory.
fn outcomes(tally: &Tally) -> String {
    let left = tally.left_s.map_or_else(String::new, |s| format!("{} left, ", duration(s)));
    let memory = tally.memory_bytes.map_or_else(String::new, |b| format!(", {:.0} MB", b as f64 / 1e6));
    format!(
        "{:.1}/s, {left}{} candidates, {} fits, {} failed, {} error rows{memory}",
        tally.rate_per_s, tally.candidates, tally.fits, tally.failed, tally.errors
    )
}

/// Seconds as people say them.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

#[derive(Clone, Copy)]
enum Form {
    Plain,
    Json,
}

struct Lines {
    form: Form,
    last: Mutex<Instant>,
}

impl Lines {
    fn new(form: Form) -> Self {
        Self { form, last: Mutex::new(Instant::now()) }
    }

    fn print(&self, tally: &Tally) {
        match self.form {
            Form::Plain => eprintln!("{}/{} targets, {}", tally.targets, tally.total, outcomes(tally)),
            Form::Json => eprintln!("{}", serde_json::to_string(tally).unwrap_or_default()),
        }
    }
}

impl Progress for Lines {
    fn update(&self, tally: &Tally) {
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
