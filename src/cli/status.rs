//! `antumbra status`: how a run is doing, or how it ended.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use antumbra::pipeline::{State, Status};
use clap::Args;

use super::progress::duration;

/// Arguments of `antumbra status`.
#[derive(Args)]
pub struct StatusArgs {
    /// Directory of a run, going on or ended
    dir: PathBuf,
    /// Print it as one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let status = Status::load(&args.dir)?;
    let alive = status.is_alive();
    if args.json {
        let mut value = serde_json::to_value(&status)?;
        value["alive"] = alive.into();
        println!("{value}");
        return Ok(ExitCode::SUCCESS);
    }
    let state = match (status.state, alive) {
        (State::Done, _) => "done".to_string(),
        (State::Failed, _) => format!("failed: {}", status.error.as_deref().unwrap_or("for no known reason")),
        (State::Running, true) => "running".to_string(),
        (State::Assembling, true) => "all targets done, putting the tables together".to_string(),
        (State::Running | State::Assembling, false) => {
            "dead: it was killed, or its machine was; the same command goes on from here".to_string()
        }
    };
    let shard = status.shard.as_ref().map_or_else(String::new, |s| format!(", shard {s}"));
    println!("run {}{shard}: {state}", status.run_id);
    let t = &status.tally;
    let share = 100.0 * t.targets as f64 / (t.total as f64).max(1.0);
    println!("{} of {} targets ({share:.1} %), {} of them from before", t.targets, t.total, t.kept);
    println!(
        "{} candidates, {} single transits, {} fits, {} targets failed, {} error rows",
        t.candidates, t.single_transits, t.fits, t.failed, t.errors
    );
    let left = t.left_s.filter(|_| alive).map_or_else(String::new, |s| format!(", {} left", duration(s)));
    let memory = match (t.memory_bytes, t.peak_memory_bytes) {
        (Some(now), Some(peak)) => format!("; {:.0} MB, at most {:.0}", now as f64 / 1e6, peak as f64 / 1e6),
        _ => String::new(),
    };
    println!("{:.1} targets/s on {} threads{left}{memory}", t.rate_per_s, status.threads);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    println!(
        "process {} on {}, started {} ago, last heard of {} ago",
        status.pid,
        status.host,
        duration(now.saturating_sub(status.started) as f64),
        duration(now.saturating_sub(status.updated) as f64)
    );
    Ok(ExitCode::SUCCESS)
}
