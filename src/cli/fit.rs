//! `antumbra fit`: one target whose period is known, or a joint fit that a TOML document describes.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use antumbra::ephemeris::Ephemeris;
use antumbra::pipeline::{Execution, Existing, Figures, JointExecution, KnownTransit, Steps};
use clap::Args;

use super::common::{CommonArgs, UsageError, existing, open_run};
use super::run::{exit_code, report};
use super::{joint, progress, tables};

/// Half-width of the range of periods that is searched around the one given, relative.
const PERIOD_RANGE: f64 = 2e-3;
/// Signal to noise that is enough where the period is known.
const SNR_THRESHOLD: f64 = 4.0;

/// Arguments of `antumbra fit`.
#[derive(Args)]
pub struct FitArgs {
    /// Light curves of the target: files, directories or glob patterns; or one document CONFIG.toml of a joint fit
    #[arg(required = true)]
    input: Vec<String>,
    /// Orbital period in days; without a transit time, the transits are looked for within 0.2 % of it
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    period: Option<f64>,
    /// Mid-time of a transit, in the time system of the input; needs --duration, and nothing is searched then
    #[arg(long, value_name = "DAYS", requires = "duration", allow_negative_numbers = true)]
    transit_time: Option<f64>,
    /// First to last contact, in hours
    #[arg(long, value_name = "HOURS", requires = "transit_time")]
    duration: Option<f64>,
    /// Directory for the results; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Draw no figures of a joint fit
    #[arg(long)]
    no_figures: bool,
    /// Go on with the joint fit that was ended in DIR; refused where a different one was
    #[arg(long)]
    resume: bool,
    /// Fit from the beginning, also where the fit that was ended in DIR could be gone on with
    #[arg(long, conflicts_with = "resume")]
    fresh: bool,
    /// Time between checkpoints of a joint fit; changes no result
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    checkpoint_every: Duration,
    #[command(flatten)]
    common: CommonArgs,
}

impl FitArgs {
    /// The transit that is not to be searched for, where time and duration are given.
    fn known(&self, period: f64) -> Result<Option<KnownTransit>, UsageError> {
        let (Some(transit_time), Some(hours)) = (self.transit_time, self.duration) else { return Ok(None) };
        let duration = hours / 24.0;
        if !(duration > 0.0 && duration < period && transit_time.is_finite()) {
            return Err(UsageError(format!(
                "--transit-time {transit_time} and --duration {hours} h are not a time and a duration below the period"
            )));
        }
        Ok(Some(KnownTransit { ephemeris: Ephemeris { period, transit_time }, duration }))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "valid is a number of seconds".to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}

pub fn run(args: &FitArgs) -> anyhow::Result<ExitCode> {
    if args.input.iter().any(|i| i.ends_with(".toml")) {
        let [document] = args.input.as_slice() else {
            return Err(UsageError("a joint fit takes one document; it names the light curves".into()).into());
        };
        if args.period.is_some() || args.transit_time.is_some() {
            return Err(UsageError(format!("--period and --transit-time belong into {document}")).into());
        }
        let execution = JointExecution {
            figures: if args.no_figures { Figures::LeaveOut } else { Figures::Draw },
            existing: existing(args.resume, args.fresh),
            checkpoint_interval: args.checkpoint_every,
            ..JointExecution::default()
        };
        return joint::run(document.as_ref(), &args.common, &args.out, &execution);
    }
    if args.resume {
        return Err(
            UsageError("--resume goes with a document CONFIG.toml; a fit of one star is fitted anew".into()).into()
        );
    }
    let Some(period) = args.period else {
        return Err(
            UsageError("--period DAYS is needed, or a document CONFIG.toml in place of light curves".into()).into()
        );
    };
    if !(period.is_finite() && period > 0.0) {
        return Err(UsageError(format!("--period {period} is not a positive number of days")).into());
    }
    let known = args.known(period)?;
    let mut config = args.common.config()?;
    config.search.period_min = period * (1.0 - PERIOD_RANGE);
    config.search.period_max = Some(period * (1.0 + PERIOD_RANGE));
    config.search.max_candidates = 1;
    config.search.snr_threshold = SNR_THRESHOLD;
    let run = open_run(&args.input, &config, None, &args.out)?;
    // Every quantity is printed as it is found, so nothing is taken over from before.
    let execution = Execution { existing: Existing::Discard, ..args.common.execution() };
    let display = progress::display(args.common.progress, run.n_targets());
    let summary = run.execute(
        known.map_or(Steps::SearchAndFit, Steps::FitKnown),
        &args.out,
        &execution,
        display.as_ref(),
        |outcome| {
            for row in &outcome.errors {
                eprintln!("{}: {}", row.source, row.reason);
            }
            tables::print_fits(outcome);
        },
    )?;
    tables::print_results(&tables::ResultFiles::in_directory(&args.out), &args.input)?;
    report(&summary, &args.out);
    Ok(ExitCode::from(exit_code(&summary)))
}
