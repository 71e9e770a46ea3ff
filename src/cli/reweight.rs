//! `antumbra reweight DIR`: a finished joint fit for other stellar parameters or priors.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::{JointRunError, reweight_joint};
use clap::Args;

use super::common::UsageError;

/// Arguments of `antumbra reweight`.
#[derive(Args)]
pub struct ReweightArgs {
    /// Directory that `antumbra fit CONFIG.toml` wrote
    fit: PathBuf,
    /// What is to be different, such as star.rho_star={log_normal=[1.1,0.02]} or star.radius_rsun.value=1.05; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", required = true)]
    assignments: Vec<String>,
    /// Directory for the results
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &ReweightArgs) -> anyhow::Result<ExitCode> {
    let outcome = reweight_joint(&args.fit, &args.assignments, &args.out).map_err(|e| match e {
        JointRunError::Config(reason) => anyhow::Error::from(UsageError(reason)),
        e => e.into(),
    })?;
    Ok(super::joint::report(&outcome, &args.out))
}
