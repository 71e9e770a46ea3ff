//! Cost of the search over points, baseline and shortest period, beside astropy's and beside the least that the operations of
//! the coarse pass could take.

use std::path::PathBuf;

use antumbra::search::{SearchConfig, search};
use antumbra::star::Measured;

use crate::clock::{readable, time};
use crate::plot::{Line, Panel, svg};
use crate::python::Peers;
use crate::workloads::{flattened, noise};

/// Operations on 16-bit numbers a second if every cycle of 2.8 GHz did one vector of 32 of them.
const LEAST_RATE: f64 = 32.0 * 2.8e9;

struct Case {
    points: usize,
    /// Days.
    baseline: f64,
    periods: (f64, f64),
}

/// Measures and prints all cases, and writes them as a figure to `file`.
pub fn figure(file: Option<PathBuf>) -> Result<(), String> {
    let peers = Peers::find();
    let sector = Case { points: 18_000, baseline: 27.0, periods: (0.5, 13.5) };
    let sweeps: [(&str, Vec<(f64, Case)>); 3] = [
        (
            "points (27 d, periods 0.5 to 13.5 d)",
            [1_000, 3_000, 10_000, 30_000, 100_000, 300_000]
                .map(|points| (points as f64, Case { points, ..sector }))
                .into(),
        ),
        (
            "baseline in days (every 10 min, periods 0.5 d to half of it)",
            [27.0f64, 54.0, 110.0, 220.0, 440.0, 880.0, 1460.0]
                .map(|baseline| {
                    let points = (baseline * 144.0) as usize;
                    (baseline, Case { points, baseline, periods: (0.5, 0.5 * baseline) })
                })
                .into(),
        ),
        (
            "shortest period in days (18,000 points in 27 d)",
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0].map(|p| (p, Case { periods: (p, 13.5), ..sector })).into(),
        ),
    ];
    let mut panels = Vec::new();
    for (name, cases) in sweeps {
        println!("| {name} | ours | operations | least for these | astropy |\n|---|---|---|---|---|");
        let (mut ours, mut least, mut astropy) = (Vec::new(), Vec::new(), Vec::new());
        for (x, case) in cases {
            let measured = case.measure(&peers);
            println!(
                "| {x} | {} | {:.3e} | {} | {} |",
                readable(measured.ours),
                measured.operations,
                readable(measured.operations / LEAST_RATE),
                measured.astropy.map_or("not run".into(), readable)
            );
            ours.push((x, measured.ours));
            least.push((x, measured.operations / LEAST_RATE));
            astropy.extend(measured.astropy.map(|seconds| (x, seconds)));
        }
        println!();
        let line = |name: &str, colour, dashed, points| Line { name: name.to_string(), colour, dashed, points };
        let mut lines =
            vec![line("antumbra", "#1f4e9c", false, ours), line("its operations, at best", "#1f4e9c", true, least)];
        if !astropy.is_empty() {
            lines.push(line("astropy BLS", "#c4501b", false, astropy));
        }
        panels.push(Panel { x: name.to_string(), lines });
    }
    if let Some(file) = file {
        std::fs::write(&file, svg("CPU time of one light curve", &panels))
            .map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

struct Cost {
    ours: f64,
    operations: f64,
    astropy: Option<f64>,
}

impl Case {
    fn measure(&self, peers: &Peers) -> Cost {
        let step = self.baseline / (self.points - 1) as f64;
        let at: Vec<f64> = (0..self.points).map(|i| i as f64 * step).collect();
        let flux = noise(self.points, 1e-3, 5);
        let astropy = peers.astropy(&at, &flux, 1e-3, self.periods);
        let data = flattened(at, flux, 1e-3);
        let config =
            SearchConfig { period_min: self.periods.0, period_max: Some(self.periods.1), ..SearchConfig::default() };
        let solar = Some(Measured { value: 1.0, err: 0.05 });
        let run = || search(&data, &config, solar).expect("a valid search");
        let operations = run().periodogram.n_operations;
        Cost { ours: time(run).median, operations, astropy }
    }
}
