//! `antumbra simulate`: makes a collection of simulated light curves with known planets.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::inject::{Cadence, SimulateConfig, SimulatedTarget, TruthKind, simulate_target};
use antumbra::io::dataset::DatasetWriter;
use antumbra::io::truth::{TRUTH_FILE, write_truth};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::common::UsageError;

/// File name of the light curves in the folder of a collection.
const LIGHT_CURVES_FILE: &str = "light_curves.parquet";
/// Targets simulated at a time, in parallel, before they are written in order.
const BATCH: usize = 256;

/// Mission and cadence to imitate.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CadenceArg {
    /// TESS target pixels, one sector a segment
    #[value(name = "tess-2min")]
    Tess2min,
    /// TESS full frames, one sector a segment
    #[value(name = "tess-10min")]
    Tess10min,
    /// Kepler long cadence, one quarter a segment
    #[value(name = "kepler-30min")]
    Kepler30min,
}

/// Arguments of `antumbra simulate`.
#[derive(Args)]
pub struct SimulateArgs {
    /// Folder to write: light_curves.parquet and truth.parquet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Configuration: cadence, noise, stars one by one or a population
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Number of stars drawn at random (of these 40 % with planets, 10 % eclipsing binaries)
    #[arg(long, value_name = "N")]
    targets: Option<usize>,
    /// Mission and cadence
    #[arg(long, value_enum)]
    cadence: Option<CadenceArg>,
    /// Sectors or quarters, one after the other
    #[arg(long, value_name = "N")]
    segments: Option<usize>,
    /// Seed of everything random
    #[arg(long)]
    seed: Option<u64>,
    /// Worker threads; 0 for one a core. The result does not depend on it
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

impl SimulateArgs {
    fn config(&self) -> anyhow::Result<SimulateConfig> {
        let mut config = match &self.config {
            None => SimulateConfig::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                toml::from_str(&text).with_context(|| format!("{} is not a configuration", path.display()))?
            }
        };
        if let Some(n) = self.targets {
            config.population.count = n;
        }
        if let Some(cadence) = self.cadence {
            config.cadence = match cadence {
                CadenceArg::Tess2min => Cadence::Tess2min,
                CadenceArg::Tess10min => Cadence::Tess10min,
                CadenceArg::Kepler30min => Cadence::Kepler30min,
            };
        }
        if let Some(n) = self.segments {
            config.segments = n;
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        config.check()?;
        if config.targets() == 0 {
            bail!("nothing to simulate: give --targets N, or a configuration with stars");
        }
        Ok(config)
    }
}

/// Simulates the collection and writes it.
pub fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let config = args.config().map_err(|e| UsageError(format!("{e:#}")))?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make the directory {}", args.out.display()))?;
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(args.threads).build().context("cannot start worker threads")?;
    let mut writer = DatasetWriter::create(args.out.join(LIGHT_CURVES_FILE))?;
    let mut truth = Vec::new();
    let indices: Vec<usize> = (0..config.targets()).collect();
    for batch in indices.chunks(BATCH) {
        let simulated: Result<Vec<SimulatedTarget>, _> =
            pool.install(|| batch.par_iter().map(|&index| simulate_target(&config, index)).collect());
        for one in simulated? {
            writer.write(&one.target)?;
            truth.extend(one.truth);
        }
    }
    let summary = writer.finish()?;
    write_truth(&args.out.join(TRUTH_FILE), &truth)?;
    let count = |kind: TruthKind| truth.iter().filter(|t| t.kind == kind).count();
    println!(
        "{} targets with {} cadences: {} planets, {} eclipsing binaries, {} quiet stars -> {}",
        summary.targets,
        summary.cadences,
        count(TruthKind::Planet),
        count(TruthKind::Binary),
        count(TruthKind::Quiet),
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}
