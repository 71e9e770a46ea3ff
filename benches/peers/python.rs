//! Peers, run by the Python interpreter that PEERS_PYTHON names.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::readable;
use crate::workloads::Workload;

pub struct Peers {
    python: Option<PathBuf>,
}

impl Peers {
    pub fn find() -> Self {
        Self { python: std::env::var_os("PEERS_PYTHON").map(PathBuf::from) }
    }

    /// CPU times of the searches of a light curve by peers.
    pub fn searches(&self, workload: &Workload) -> String {
        let periods = [workload.periods.0, workload.periods.1];
        let sigma = vec![workload.sigma; workload.time.len()];
        self.all(&["astropy", "gerbls"], [&workload.time, &workload.flux, &sigma], &periods)
    }

    /// CPU time of astropy's search alone, in seconds.
    pub fn astropy(&self, time: &[f64], flux: &[f64], sigma: f64, periods: (f64, f64)) -> Option<f64> {
        let sigma = vec![sigma; time.len()];
        self.run("astropy", [time, flux, &sigma], &[periods.0, periods.1]).and_then(Result::ok)
    }

    /// CPU time of a biweight detrending.
    pub fn biweight(&self, time: &[f64], flux: &[f64]) -> String {
        self.all(&["wotan"], [time, flux, &vec![1.0; time.len()]], &[])
    }

    fn all(&self, tools: &[&str], columns: [&[f64]; 3], periods: &[f64]) -> String {
        let each = tools.iter().filter_map(|tool| {
            let seconds = self.run(tool, columns, periods)?;
            Some(format!("{tool} {}", seconds.map_or_else(|e| format!("failed ({e})"), readable)))
        });
        let text = each.collect::<Vec<_>>().join(", ");
        if text.is_empty() { "not run".to_string() } else { text }
    }

    fn run(&self, tool: &str, columns: [&[f64]; 3], periods: &[f64]) -> Option<Result<f64, String>> {
        self.python.as_ref().map(|python| run(python, tool, columns, periods))
    }
}

fn run(python: &Path, tool: &str, columns: [&[f64]; 3], periods: &[f64]) -> Result<f64, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py");
    let data = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    let bytes: Vec<u8> = columns.iter().flat_map(|c| c.iter().flat_map(|v| v.to_le_bytes())).collect();
    std::fs::write(data.path(), bytes).map_err(|e| e.to_string())?;
    let mut command = Command::new(python);
    command.arg(script).arg(tool).arg(data.path()).args(periods.iter().map(f64::to_string));
    let output = command.output().map_err(|e| format!("{}: {e}", python.display()))?;
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().lines().last().unwrap_or_default().to_string();
    last(&output.stdout).parse().map_err(|_| last(&output.stderr))
}
