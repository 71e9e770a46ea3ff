//! Planets recovered at a false-alarm rate of 1 %, on sets of light curves with and without planets.

use std::path::Path;

use antumbra::detrend::{Biweight, Detrend, detrend};
use antumbra::lightcurve::{CadenceMask, Detrended};
use antumbra::search::{SearchConfig, search};
use antumbra::star::Measured;

use crate::clock::{cpu, readable};
use crate::npy;
use crate::workloads::{flattened, light_curve_of};

struct Set {
    directory: &'static str,
    what: &'static str,
    peers: &'static str,
    sigma: f64,
    /// Whether the stars vary and are to be detrended first.
    variable: bool,
    /// Density that the search is told (solar units): all stars have one, and TLS takes it for granted.
    density: Option<Measured>,
}

const SETS: [Set; 2] = [
    Set {
        directory: "injection",
        what: "white noise",
        peers: "TLS Δχ² 262, BLS S/N 259, TLS SDE 252",
        sigma: 5e-4,
        variable: false,
        density: Some(Measured { value: 1.0, err: 0.05 }),
    },
    Set {
        directory: "injection_red",
        what: "rotation and granulation",
        peers: "wotan + TLS SDE 128, wotan + BLS SDE 108",
        sigma: 3e-4,
        variable: true,
        density: None,
    },
];

struct Star {
    planet: bool,
    right: bool,
    snr: f64,
    snr_red: f64,
}

/// Prints how many of the planets of the sets under `directory` are recovered.
pub fn table(directory: &Path) -> Result<(), String> {
    println!("Planets recovered: right period (1 %), statistic above the 99th percentile of the stars without.\n");
    println!("| set | statistic | recovered | right period at all | CPU per curve | peers (measured once) |");
    println!("|---|---|---|---|---|---|");
    for set in SETS {
        let directory = directory.join(set.directory);
        if !directory.is_dir() {
            println!("| {} | not there | | | | |", set.what);
            continue;
        }
        let start = cpu();
        let stars = set.search(&directory)?;
        let each = readable((cpu() - start) / stars.len() as f64);
        let planets = stars.iter().filter(|s| s.planet).count();
        let right = stars.iter().filter(|s| s.planet && s.right).count();
        for (name, statistic) in [("S/N", (|s| s.snr) as fn(&Star) -> f64), ("S/N over red noise", |s| s.snr_red)] {
            let mut without: Vec<f64> = stars.iter().filter(|s| !s.planet).map(statistic).collect();
            without.sort_by(f64::total_cmp);
            let threshold = percentile_99(&without);
            let recovered = stars.iter().filter(|s| s.planet && s.right && statistic(s) > threshold).count();
            println!("| {} | {name} | {recovered} of {planets} | {right} | {each} | {} |", set.what, set.peers);
        }
    }
    Ok(())
}

/// By linear interpolation between sorted values.
fn percentile_99(sorted: &[f64]) -> f64 {
    let at = 0.99 * (sorted.len() - 1) as f64;
    let low = at as usize;
    sorted[low] + at.fract() * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
}

impl Set {
    fn search(&self, directory: &Path) -> Result<Vec<Star>, String> {
        let time = npy::rows(&directory.join("time.npy"))?.remove(0);
        let fluxes = npy::rows(&directory.join("flux.npy"))?;
        let truth = std::fs::read_to_string(directory.join("truth.csv")).map_err(|e| e.to_string())?;
        // columns: id, planet (0 or 1), period
        let number = |line: &str, column| line.split(',').nth(column).and_then(|v| v.parse::<f64>().ok());
        let truth: Vec<(bool, Option<f64>)> =
            truth.lines().skip(1).map(|l| (number(l, 1) == Some(1.0), number(l, 2))).collect();
        // So low a threshold gives every star a statistic.
        let config = SearchConfig {
            period_min: 0.6,
            period_max: Some(12.5),
            snr_threshold: 4.5,
            max_fap: 1.0,
            max_candidates: 1,
            max_set_aside: 0,
            max_single_transits: 0,
            ..SearchConfig::default()
        };
        let star = |(flux, (planet, period)): (Vec<f64>, (bool, Option<f64>))| {
            let data = self.flatten(&time, flux, &config);
            let result = search(&data, &config, self.density).map_err(|e| e.to_string())?;
            let found = result.candidates.first();
            let right = found.zip(period).is_some_and(|(c, p)| (c.ephemeris.period / p - 1.0).abs() < 0.01);
            let (snr, snr_red) = found.map_or((0.0, 0.0), |c| (c.snr, c.snr_red));
            Ok(Star { planet, right, snr, snr_red })
        };
        fluxes.into_iter().zip(truth).map(star).collect()
    }

    fn flatten(&self, time: &[f64], flux: Vec<f64>, config: &SearchConfig) -> Detrended {
        if !self.variable {
            return flattened(time.to_vec(), flux, self.sigma);
        }
        let curve = light_curve_of(time.to_vec(), flux, self.sigma);
        let all = CadenceMask::keep_all(curve.len());
        let cadence = time[1] - time[0];
        let window = 3.0 * config.longest_duration(time[time.len() - 1] - time[0], cadence, self.density);
        let method = Biweight { window, gap: 0.5 * window, cval: 5.0 };
        detrend(&curve, &all, &all, &method as &dyn Detrend).expect("a valid light curve")
    }
}
