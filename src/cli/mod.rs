//! Command line: one file a subcommand.

mod bls;
mod common;
mod compare;
mod convert;
mod diff;
mod fit;
mod inject;
mod inspect;
mod joint;
mod merge;
mod progress;
mod report;
mod reweight;
mod run;
mod search;
mod simulate;
mod status;
mod tables;
mod vet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit codes that scripts can use.
pub mod exit {
    /// Done, nothing to report.
    pub const DONE: u8 = 0;
    /// Failed.
    pub const FAILED: u8 = 1;
    /// Bad arguments or configuration.
    pub const USAGE: u8 = 2;
    /// Done, with rows in the error table.
    pub const WITH_ERRORS: u8 = 3;
    /// Done, but a fit has not converged.
    pub const NOT_CONVERGED: u8 = 4;
}

/// Finds transiting exoplanets in light curves and measures them.
#[derive(Parser)]
#[command(name = "antumbra", version, about, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 done; 1 failed; 2 bad arguments or configuration; 3 done, with error rows; \
                        4 done, but a fit has not converged. \
                        ANTUMBRA_LOG=info tells every error row with its target, debug every target.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The main job: read, clean, detrend, search, vet and fit, and write tables to a directory
    Run(run::RunArgs),
    /// Search only, and write the candidates as one Parquet file
    Search(search::SearchArgs),
    /// Put the shards of a run together: the same bytes as of a run that was not split
    Merge(merge::MergeArgs),
    /// Say how a run is doing, or how it ended
    Status(status::StatusArgs),
    /// List candidates that are new, lost or changed from one run to another
    Diff(diff::DiffArgs),
    /// Fit a transit model to one target whose period is known, or whatever CONFIG.toml describes
    Fit(fit::FitArgs),
    /// Judge candidates of a list on their light curves: planets or not, and why
    Vet(vet::VetArgs),
    /// Make a page for each candidate of a run, and an index that sorts and filters
    Report(report::ReportArgs),
    /// Put the parameters of two joint fits side by side
    Compare(compare::CompareArgs),
    /// Weigh the draws of a joint fit for other stellar parameters or priors
    Reweight(reweight::ReweightArgs),
    /// Measure completeness and reliability: inject planets, invert and scramble, and search and vet it all
    Inject(inject::InjectArgs),
    /// Turn light curves of any readable layout into one Parquet dataset
    Convert(convert::ConvertArgs),
    /// Say what is in light-curve files and what is wrong with them
    Inspect(inspect::InspectArgs),
    /// Make a collection of simulated light curves with known planets
    Simulate(simulate::SimulateArgs),
}

/// Parses the arguments, runs the subcommand and turns errors into a message and an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // `info` tells every error row with its target, `debug` every target that is done.
    let level = std::env::var("ANTUMBRA_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::WARN);
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_max_level(level).init();
    let result = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Search(args) => search::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Status(args) => status::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Fit(args) => fit::run(args),
        Command::Vet(args) => vet::run(args),
        Command::Report(args) => report::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Reweight(args) => reweight::run(args),
        Command::Inject(args) => inject::run(args),
        Command::Convert(args) => convert::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Simulate(args) => simulate::run(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("antumbra: {error:#}");
        let usage = error
            .chain()
            .any(|cause| cause.is::<antumbra::pipeline::ConfigError>() || cause.is::<common::UsageError>());
        ExitCode::from(if usage { exit::USAGE } else { exit::FAILED })
    })
}
