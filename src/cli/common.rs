//! Arguments that several subcommands share.

use std::path::{Path, PathBuf};

use antumbra::inject::InjectConfig;
use antumbra::io::read::PlanOptions;
use antumbra::pipeline::{Execution, Existing, Run, RunConfig};
use antumbra::vet::ProfileChoice;
use anyhow::Context;
use clap::Args;

use super::progress::ProgressKind;

/// Arguments that make no sense together; exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Configuration, seed, threads and progress.
#[derive(Args)]
pub struct CommonArgs {
    /// Configuration file; every key is optional
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Override one setting, e.g. `search.period_max=30`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Seed of everything random
    #[arg(long)]
    seed: Option<u64>,
    /// Worker threads; 0 for one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// How to show progress
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto)]
    pub progress: ProgressKind,
}

impl CommonArgs {
    /// The configuration that these arguments give.
    pub fn config(&self) -> anyhow::Result<RunConfig> {
        self.config_with_inject().map(|(config, _)| config)
    }

    /// The same with the settings of trials.
    pub fn config_with_inject(&self) -> anyhow::Result<(RunConfig, InjectConfig)> {
        let (mut config, inject) = RunConfig::load_with_inject(self.config.as_deref(), &self.set)?;
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        Ok((config, inject))
    }

    /// What `--set` and `--seed` say, for documents of another kind; `--config` is refused there.
    pub fn overrides(&self) -> Result<(&[String], Option<u64>), UsageError> {
        match &self.config {
            Some(path) => Err(UsageError(format!("--config {} does not go with a document", path.display()))),
            None => Ok((&self.set, self.seed)),
        }
    }

    /// A pool of as many threads, for what is not a run over many targets.
    pub fn pool(&self) -> anyhow::Result<rayon::ThreadPool> {
        rayon::ThreadPoolBuilder::new().num_threads(self.threads).build().context("cannot start worker threads")
    }

    /// How to carry out the run that these arguments describe.
    pub fn execution(&self) -> Execution {
        Execution { threads: self.threads, ..Execution::default() }
    }
}

/// What `--resume` and `--fresh`, of which one at most is given, say about what is in the directory already.
pub fn existing(resume: bool, fresh: bool) -> Existing {
    match (resume, fresh) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Discard,
        _ => Existing::Reuse,
    }
}

/// The profile of that name or in that file.
pub fn profile_choice(name: &str) -> anyhow::Result<ProfileChoice> {
    let text = if name.ends_with(".toml") {
        std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?
    } else {
        name.to_string()
    };
    Ok(ProfileChoice::try_from(text).map_err(|e| UsageError(format!("--profile {name}: {e}")))?)
}

/// The targets in `inputs`; refused where there is none, with the reason for each input on standard error. What does not
/// fit into memory goes to `scratch`.
pub fn open_run<'a>(
    inputs: &[String],
    config: &'a RunConfig,
    unit_targets: Option<usize>,
    scratch: &Path,
) -> anyhow::Result<Run<'a>> {
    let options = PlanOptions { unit_targets, scratch: scratch.to_path_buf(), ..PlanOptions::default() };
    let run = Run::new(inputs, config, &options)?;
    if run.n_targets() == 0 {
        for row in run.refused() {
            eprintln!("{}: {}", row.source, row.reason);
        }
        return Err(UsageError("no light curve in the inputs".into()).into());
    }
    Ok(run)
}

/// Folder of an output file, for temporary files.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(folder) => folder.to_path_buf(),
        None => PathBuf::from("."),
    }
}
