//! `antumbra inject`: what the search and its vetting are worth on these light curves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use antumbra::inject::reliability::Estimate;
use antumbra::inject::{InjectError, Proportion, SizeRange};
use antumbra::pipeline::{Cells, InjectSummary, run_injections};
use clap::Args;

use super::common::{CommonArgs, UsageError, open_run, profile_choice};
use super::{exit, progress};

/// Arguments of `antumbra inject`.
#[derive(Args)]
pub struct InjectArgs {
    /// Light curves: files, directories, glob patterns or URLs
    #[arg(required = true)]
    input: Vec<String>,
    /// Directory for tables and figures; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
    /// Planets injected into each light curve, one at a time [default: 10]
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
    /// Range of periods (days), e.g. 0.5,12 [default: what the search covers]
    #[arg(long, value_name = "MIN,MAX", value_parser = pair)]
    periods: Option<[f64; 2]>,
    /// Range of the expected S/N [default: 4,40]
    #[arg(long, value_name = "MIN,MAX", value_parser = pair, group = "size")]
    snr: Option<[f64; 2]>,
    /// Range of planet over stellar radius, in place of S/N
    #[arg(long, value_name = "MIN,MAX", value_parser = pair, group = "size")]
    rp_rs: Option<[f64; 2]>,
    /// Range of radii in Earth radii, in place of S/N; needs stellar radii
    #[arg(long, value_name = "MIN,MAX", value_parser = pair, group = "size")]
    radius_rearth: Option<[f64; 2]>,
    /// Do not search the light curves upside down
    #[arg(long)]
    no_invert: bool,
    /// Orders of its segments in which each light curve is searched [default: 1]
    #[arg(long, value_name = "N")]
    scrambles: Option<usize>,
    /// Vet by this profile: `antumbra`, `robovetter-dr25`, `leo-vetter`, or a file; `none` for no vetting
    #[arg(long, value_name = "NAME|FILE.toml")]
    profile: Option<String>,
}

/// Two numbers with a comma between them.
fn pair(text: &str) -> Result<[f64; 2], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([low, high]) => Ok([*low, *high]),
        _ => Err("expected two numbers with a comma between them".into()),
    }
}

pub fn run(args: &InjectArgs) -> anyhow::Result<ExitCode> {
    let (mut config, mut inject) = args.common.config_with_inject()?;
    if let Some(name) = &args.profile {
        config.vet.profile = profile_choice(name)?;
    }
    inject.trials = args.trials.unwrap_or(inject.trials);
    inject.planets.period = args.periods.or(inject.planets.period);
    let sizes = [
        args.snr.map(SizeRange::Snr),
        args.rp_rs.map(SizeRange::RpRs),
        args.radius_rearth.map(SizeRange::RadiusRearth),
    ];
    inject.planets.size = sizes.into_iter().flatten().next().unwrap_or(inject.planets.size);
    inject.invert &= !args.no_invert;
    inject.scrambles = args.scrambles.unwrap_or(inject.scrambles);
    inject.check().map_err(|e: InjectError| UsageError(e.to_string()))?;
    let run = open_run(&args.input, &config, None, &args.out)?;
    let display = progress::display(args.common.progress, run.n_targets());
    let summary = run_injections(&run, &inject, &args.out, args.common.execution().threads, display.as_ref())?;
    print(&summary, &args.out);
    let is_whole = summary.error_rows == 0 && summary.trials_failed == 0;
    Ok(ExitCode::from(if is_whole { exit::DONE } else { exit::WITH_ERRORS }))
}

/// Completeness and reliability of all and from a few S/N upwards.
fn print(summary: &InjectSummary, out: &Path) {
    const SHOWN: [f64; 4] = [7.0, 10.0, 15.0, 20.0];
    println!(
        "{} targets ({} failed), {} light curves searched ({} skipped, {} failed), {} candidates",
        summary.targets,
        summary.targets_failed,
        summary.trials - summary.trials_skipped - summary.trials_failed,
        summary.trials_skipped,
        summary.trials_failed,
        summary.candidates
    );
    let is_shown = |cells: Cells, snr: Option<[f64; 2]>| match cells {
        Cells::All => Some("all".to_string()),
        Cells::SnrAbove => snr.filter(|s| SHOWN.contains(&s[0])).map(|s| format!("≥ {}", s[0])),
        _ => None,
    };
    println!("\n{:<6} {:>9} {:>22} {:>22}", "S/N", "injected", "found", "and passed vetting");
    for row in &summary.completeness {
        let Some(name) = is_shown(row.cells, row.snr) else { continue };
        let tally = &row.tally;
        let (found, kept) = (share(tally.found()), share(tally.kept()));
        println!("{name:<6} {:>9} {found:>22} {kept:>22}", tally.injected);
    }
    println!("\n{:<6} {:>9} {:>9} {:>22} {:>22}", "S/N", "passed", "simulated", "effectiveness", "reliability");
    for row in &summary.reliability {
        let Some(name) = is_shown(row.cells, row.snr) else { continue };
        let counts = &row.counts;
        let (passed, simulated) = (counts.observed.passed, counts.simulated().all());
        let (effective, reliable) = (share(counts.effectiveness()), estimate(counts.by_effectiveness()));
        println!("{name:<6} {passed:>9} {simulated:>9} {effective:>22} {reliable:>22}");
    }
    match &summary.calibration {
        Some(_) => {
            println!("\ncalibration of scores: `antumbra run --config {}`", out.join("calibration.toml").display())
        }
        None => println!("\nno calibration of scores: too few planets or false alarms (20 of each)"),
    }
    println!(
        "\nwith 68 % intervals; trials, features, completeness, reliability (.parquet) and figures in {}",
        out.display()
    );
}

fn share(share: Proportion) -> String {
    let (low, high) = share.interval(1.0);
    estimate(Estimate { value: share.share(), intervals: [[low, high]; 2] })
}

fn estimate(estimate: Estimate) -> String {
    if estimate.value.is_nan() {
        return "-".into();
    }
    let [low, high] = estimate.intervals[0];
    format!("{:.1} % ({:.1} – {:.1})", 100.0 * estimate.value, 100.0 * low, 100.0 * high)
}
