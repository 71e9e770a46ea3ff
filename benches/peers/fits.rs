//! The pieces of a fit, and whole fits, beside their peers.

use std::f64::consts::PI;
use std::path::Path;
use std::process::Command;

use antumbra::ephemeris::{Candidate, Ephemeris};
use antumbra::fit::{Baseline, FitConfig, FitData, Method, Prior, TransitFit, fit_candidate};
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, Segment, TimeSystem};
use antumbra::noise::{Oscillator, log_likelihood};
use antumbra::star::{Star, a_over_rstar};
use antumbra::transit::kepler::eccentric_anomalies_into;
use antumbra::transit::{
    DipColumns, LimbDarkening, Orbit, OrbitElements, Quadratic, SortedTimes, TransitShape, dip_into, light_curve,
    quadratic_dip_gradient_into, quadratic_flux_into,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use crate::clock::{Timing, cpu, time};

const LAW: Quadratic = Quadratic { u1: 0.4804, u2: 0.1867 };
const PERIOD: f64 = 3.7;

/// What a peer printed: workload, tool, value.
struct Peers(Vec<(String, String, f64)>);

impl Peers {
    fn run() -> Result<Self, String> {
        let Some(python) = std::env::var_os("PEERS_PYTHON") else { return Ok(Self(Vec::new())) };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/fit_peers.py");
        let output = Command::new(python).arg(script).output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let row = |line: &str| {
            let mut fields = line.split('\t');
            Some((fields.next()?.to_string(), fields.next()?.to_string(), fields.next()?.parse().ok()?))
        };
        Ok(Self(text.lines().filter_map(row).collect()))
    }

    fn of(&self, name: &str, show: impl Fn(f64) -> String) -> String {
        let all: Vec<String> =
            self.0.iter().filter(|p| p.0 == name).map(|(_, tool, v)| format!("{tool} {}", show(*v))).collect();
        if all.is_empty() { "not run".into() } else { all.join(", ") }
    }
}

fn nanoseconds(seconds: f64) -> String {
    let value = 1e9 * seconds;
    if value < 10.0 { format!("{value:.2} ns") } else { format!("{value:.0} ns") }
}

/// The table of pieces and of whole fits.
pub fn table() -> Result<(), String> {
    let peers = Peers::run()?;
    println!("CPU time of one core, median (least) of several runs.\n");
    println!("| workload | aim | ours | peers |\n|---|---|---|---|");
    let row = |what: &str, aim: &str, key: &str, points: usize, timing: Timing| {
        let each = |seconds: f64| nanoseconds(seconds / points as f64);
        let ours = format!("{} ({})", each(timing.median), each(timing.least));
        println!("| {what} | {aim} | {ours} | {} |", peers.of(key, nanoseconds));
    };
    pieces(&row);
    let rate = |v: f64| format!("{v:.0}");
    let (data, candidate, config) = f1();
    for (what, aim, method) in [
        ("F1, effective samples of the worst parameter per CPU s, importance sampling", "9,000", Method::Auto),
        ("F1, the same by the ensemble", "500", Method::Ensemble),
    ] {
        let config = FitConfig { method, ..config.clone() };
        let mut rates: Vec<f64> = (0..25).map(|seed| f1_rate(&data, &candidate, &config, seed)).collect();
        rates.sort_by(f64::total_cmp);
        println!("| {what} | {aim} | {:.0} (most {:.0}) | {} |", rates[12], rates[24], peers.of("F1", rate));
    }
    bulk();
    Ok(())
}

type Row<'a> = dyn Fn(&str, &str, &str, usize, Timing) + 'a;

fn pieces(row: &Row) {
    let a = 10.07;
    let shape = |ecc| {
        let elements = OrbitElements { ecc, omega: 0.7, ..OrbitElements::circular(PERIOD, 0.0, a, 0.3) };
        TransitShape::new(Orbit::new(elements).unwrap(), 0.1, LAW).unwrap()
    };
    let half = 0.5 * shape(0.0).duration();
    let n = 1000;
    let times: Vec<f64> = (0..n).map(|i| (2.0 * (i as f64 + 0.5) / n as f64 - 1.0) * half).collect();
    let z: Vec<f64> = times.iter().map(|t| shape(0.0).orbit().sky_position(*t).z).collect();
    let mut out = vec![0.0; n];
    let flux = time(|| quadratic_flux_into(&z, 0.1, &LAW, &mut out));
    row("flux, quadratic, per in-transit point", "10 ns", "flux", n, flux);
    let whole: Vec<f64> = (0..65_000).map(|i| f64::from(i) * 2.0 / 1440.0).collect();
    let mut long = vec![1.0; whole.len()];
    let sorted = SortedTimes::new(&whole).unwrap();
    let curve = time(|| shape(0.0).subtract_dips_sorted(sorted, 0.0, &mut long));
    row("flux over a whole curve, 4 % in transit, per point", "0.7 ns", "whole curve", whole.len(), curve);
    let mut columns = vec![vec![0.0; n]; 5];
    let [dip, dz, dk, du1, du2] = &mut columns[..] else { unreachable!() };
    let gradient = time(|| quadratic_dip_gradient_into(&z, 0.1, &LAW, DipColumns { dip, dz, dk, du1, du2 }));
    row("flux and all derivatives", "15 ns", "derivatives", n, gradient);
    for (name, ld) in [
        ("power-2", LimbDarkening::Power2 { c: 0.7, alpha: 0.6 }),
        ("nonlinear", LimbDarkening::Nonlinear { c: [0.5, -0.3, 0.9, -0.4] }),
    ] {
        row(&format!("{name} law"), "40 ns", name, n, time(|| dip_into(&z, 0.1, &ld, &mut out)));
    }
    let m: Vec<f64> = (0..n).map(|i| PI * (i as f64 + 0.5) / n as f64).collect();
    let kepler = time(|| eccentric_anomalies_into(&m, 0.3, &mut out));
    row("Kepler's equation, e = 0.3", "10 ns", "kepler", n, kepler);
    let exposure = time(|| shape(0.0).flux_into(&times, 30.0 / 1440.0, &mut out));
    row("30-min exposure integrated, per point", "40 ns", "exposure", n, exposure);
    let x: Vec<f64> = (0..10_000).map(|i| f64::from(i) * 0.01).collect();
    let mut rng = StdRng::seed_from_u64(3);
    let y: Vec<f64> = x.iter().map(|_| rng.sample(StandardNormal)).collect();
    let oscillator = Oscillator { sigma: 1.0, omega0: 2.0 * PI / 1.3, quality: 0.7 };
    let variance = vec![0.25; x.len()];
    let celerite = time(|| log_likelihood(&[oscillator], &x, &y, &variance));
    row("celerite SHO log-likelihood, per point", "20 ns", "celerite", x.len(), celerite);
}

/// 1,000 points in windows round 20 transits (k = 0.1, b = 0.3, P = 3.7 d, 500 ppm), eight parameters.
fn f1() -> (FitData, Candidate, FitConfig) {
    let (t0, k, b) = (0.5, 0.1, 0.3);
    let a = a_over_rstar(PERIOD, 1.0);
    let orbit = Orbit::new(OrbitElements::circular(PERIOD, t0, a, b)).unwrap();
    let shape = TransitShape::new(orbit, k, Quadratic { u1: 0.4, u2: 0.2 }).unwrap();
    let duration = PERIOD / PI * (((1.0 + k) * (1.0 + k) - b * b).sqrt() / a).asin();
    let mut rng = StdRng::seed_from_u64(707);
    let mut time = Vec::new();
    for epoch in -10..10 {
        for i in 0..50 {
            let place = -1.25 + 2.5 * f64::from(i) / 49.0 + 0.01 * rng.random_range(-1.0..1.0);
            time.push(t0 + PERIOD * f64::from(epoch) + place * duration);
        }
    }
    let mut flux = light_curve(&shape, &time, 0.0);
    flux.iter_mut().for_each(|f| *f += 500e-6 * rng.sample::<f64, _>(StandardNormal));
    let candidate = Candidate::known(Ephemeris { period: PERIOD, transit_time: t0 }, duration, 0.011);
    let data = FitData::from_columns(&time, &flux, &vec![450e-6; time.len()], 0.0, &candidate).unwrap();
    let priors = [
        ("transit_time", Prior::Normal { mean: 0.5, sigma: 0.01 }),
        ("period", Prior::LogNormal { median: 3.7, sigma: 1e-3 }),
        ("rho_star", Prior::LogNormal { median: 1.0, sigma: 0.5 }),
        ("impact_parameter", Prior::Uniform { low: 0.0, high: 1.0 }),
        ("rp_rs", Prior::Uniform { low: 0.0, high: 0.3 }),
        ("jitter", Prior::LogNormal { median: (-8.5f64).exp(), sigma: 2.0 }),
    ];
    let config = FitConfig {
        baseline: Baseline::Fixed,
        priors: priors.into_iter().map(|(n, p)| (n.to_string(), p)).collect(),
        ..FitConfig::default()
    };
    (data, candidate, config)
}

fn least_ess(fit: &TransitFit) -> f64 {
    fit.sampled.iter().map(|s| s.ess_bulk.min(s.ess_tail)).fold(f64::INFINITY, f64::min)
}

/// Effective samples of the worst parameter per CPU second of the whole fit, its search for optima included.
fn f1_rate(data: &FitData, candidate: &Candidate, config: &FitConfig, seed: u64) -> f64 {
    let start = cpu();
    let fit = fit_candidate(data, candidate, &Star::default(), config, seed).unwrap();
    least_ess(&fit) / (cpu() - start)
}

/// From a candidate in a TESS sector to 1,000 effective samples, for several planets and cadences.
fn bulk() {
    println!(
        "\n| candidate in 27 d to its posterior | points | effective samples | CPU s | sampler |\n|---|---|---|---|---|"
    );
    for (what, minutes, k, sigma, b) in [
        ("2 min, Rp/R* 0.1, 800 ppm", 2.0, 0.1, 800e-6, 0.3),
        ("2 min, Rp/R* 0.03, 800 ppm", 2.0, 0.03, 800e-6, 0.5),
        ("2 min, Rp/R* 0.02, 1500 ppm", 2.0, 0.02, 1500e-6, 0.2),
        ("2 min, grazing, Rp/R* 0.12", 2.0, 0.12, 800e-6, 0.95),
        ("10 min, Rp/R* 0.1", 10.0, 0.1, 500e-6, 0.6),
        ("30 min, Rp/R* 0.1", 30.0, 0.1, 200e-6, 0.3),
    ] {
        let cadence = minutes / 1440.0;
        let shape = TransitShape::new(
            Orbit::new(OrbitElements::from_density(PERIOD, 1.1, 1.0, b)).unwrap(),
            k,
            Quadratic { u1: 0.4, u2: 0.2 },
        )
        .unwrap();
        let n = (27.0 / cadence) as usize;
        let mut rng = StdRng::seed_from_u64(11);
        let times: Vec<f64> = (0..n).map(|i| (i as f64 + 0.5) * cadence).collect();
        let mut flux = light_curve(&shape, &times, cadence);
        flux.iter_mut().for_each(|f| *f += sigma * rng.sample::<f64, _>(StandardNormal));
        let segment =
            Segment { range: 0..n, label: "S1".into(), source: String::new(), exposure_time: cadence, band: None };
        let curve = LightCurve::new("bulk", times, flux, vec![sigma; n], vec![segment], TimeSystem::BTJD).unwrap();
        let flat = Detrended::already_flat(&curve, &CadenceMask::keep_all(n)).unwrap();
        let ephemeris = Ephemeris { period: PERIOD * (1.0 + 2e-5), transit_time: 1.1 + 0.02 * shape.duration() };
        let candidate = Candidate::known(ephemeris, shape.duration(), shape.depth());
        let config = FitConfig::default();
        let mut runs: Vec<(f64, f64, &str, usize)> = (0..5)
            .map(|seed| {
                let start = cpu();
                let data = FitData::from_detrended(&flat, &candidate, &[], &config).unwrap();
                let fit = fit_candidate(&data, &candidate, &Star::default(), &config, seed).unwrap();
                (cpu() - start, least_ess(&fit), fit.sampler.name(), data.len())
            })
            .collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let by_importance = runs.iter().filter(|r| r.2 == "importance").count();
        println!(
            "| {what} | {} | {:.0} | {:.2} ({:.2} to {:.2}) | importance {by_importance} of 5 |",
            runs[2].3, runs[2].1, runs[2].0, runs[0].0, runs[4].0
        );
    }
}
