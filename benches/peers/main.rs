//! The search and the fits beside their peers: CPU time of one core on the same data, and planets recovered.
//!
//! ```text
//! cargo bench --bench peers                       ours, on light curves made here
//! cargo bench --bench peers -- S1 S3              two workloads
//! cargo bench --bench peers -- injections         planets recovered (with PEERS_DATA)
//! cargo bench --bench peers -- fits               transit models, likelihoods and whole fits
//! cargo bench --bench peers -- cost FILE          cost over points, baseline and shortest period, as a figure (SVG)
//! ```
//! With PEERS_DATA=DIR the light curves are those of DIR (S1.npy …, injection/, injection_red/). With PEERS_PYTHON=python,
//! astropy, wotan and gerbls, where that has them, run on the same light curves on the same core straight after ours.

mod clock;
mod cost;
mod fits;
mod injection;
mod npy;
mod plot;
mod python;
mod workloads;

use std::path::PathBuf;

use antumbra::detrend::{Biweight, Detrend};
use antumbra::lightcurve::CadenceMask;
use antumbra::search::{SearchConfig, search};
use antumbra::star::Measured;

use clock::{readable, time};
use python::Peers;
use workloads::{Workload, light_curve_of, noise, variability};

fn main() {
    // cargo passes flags of its own
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let directory = std::env::var_os("PEERS_DATA").map(PathBuf::from);
    let outcome = match arguments.first().map(String::as_str) {
        Some("injections") => directory.ok_or("PEERS_DATA is not set".into()).and_then(|d| injection::table(&d)),
        Some("fits") => fits::table(),
        Some("cost") => cost::figure(arguments.get(1).map(PathBuf::from)),
        _ => table(&arguments, directory),
    };
    if let Err(error) = outcome {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn table(names: &[String], directory: Option<PathBuf>) -> Result<(), String> {
    let workloads = Workload::load(names, directory.as_deref())?;
    let peers = Peers::find();
    println!("CPU time of one light curve on one core, median (least) of several runs.\n");
    println!(
        "| workload | aim | noise, solar density | noise, any star | planet, solar density | peers on the planet |"
    );
    println!("|---|---|---|---|---|---|");
    for workload in &workloads {
        let config = SearchConfig {
            period_min: workload.periods.0,
            period_max: Some(workload.periods.1),
            ..SearchConfig::default()
        };
        let solar = Some(Measured { value: 1.0, err: 0.05 });
        let (quiet, planet) = (workload.data(workload.noise()), workload.data(workload.flux.clone()));
        let run = |data, density| time(|| search(data, &config, density).expect("a valid search"));
        println!(
            "| {}: {} | {} | {} | {} | {} | {} |",
            workload.name,
            workload.what,
            readable(workload.aim),
            run(&quiet, solar),
            run(&quiet, None),
            run(&planet, solar),
            peers.searches(workload),
        );
    }
    println!();
    println!("| biweight, window 1 d | aim | ours | peers |\n|---|---|---|---|");
    for workload in workloads.iter().filter(|w| ["S1", "S3"].contains(&w.name)) {
        let flux: Vec<f64> = noise(workload.time.len(), workload.sigma, 3)
            .iter()
            .zip(variability(&workload.time))
            .map(|(n, v)| n + v)
            .collect();
        let peer = peers.biweight(&workload.time, &flux);
        let curve = light_curve_of(workload.time.clone(), flux, workload.sigma);
        let all = CadenceMask::keep_all(curve.len());
        let method = Biweight { window: 1.0, gap: 0.5, cval: 5.0 };
        let ours = time(|| (&method as &dyn Detrend).trend(&curve, &all));
        let aim = if workload.name == "S1" { 3e-3 } else { 8e-3 };
        println!("| {} | {} | {ours} | {peer} |", workload.name, readable(aim));
    }
    Ok(())
}
