//! `antumbra run`: the main job.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::{
    Completeness, Execution, Run, RunSummary, Shard, Sheets, Steps, read_targets_list, report_run,
};
use clap::Args;

use super::common::{CommonArgs, existing, open_run};
use super::{exit, progress, tables};

/// Arguments of `antumbra run`.
#[derive(Args)]
pub struct RunArgs {
    /// Light curves: files, directories, glob patterns, or URLs (s3://BUCKET/PREFIX, http://…, https://…; in a build with
    /// the feature object-store)
    #[arg(required = true)]
    input: Vec<String>,
    /// Directory for the results; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
    /// Do only the I-th of N parts of about equal size; put all together with `antumbra merge`
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Go on with the run that was ended in DIR; refused where a different one was
    #[arg(long)]
    resume: bool,
    /// Compute everything, also what DIR holds already
    #[arg(long, conflicts_with = "resume")]
    fresh: bool,
    /// List of targets that should be there, one a line: says which are, and which are missing
    #[arg(long, value_name = "LIST")]
    targets: Option<PathBuf>,
    /// Make a page of each candidate too, in DIR/report; `antumbra report DIR` does it later
    #[arg(long, conflicts_with = "shard")]
    report: bool,
    /// Targets in a unit of work, on average; changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    unit_targets: Option<u32>,
}

pub fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = args.common.config()?;
    let unit_targets = args.unit_targets.map(|n| n as usize);
    let run = open_run(&args.input, &config, unit_targets, &args.out)?;
    report_contents(&run);
    let completeness = match &args.targets {
        Some(list) => Some(run.completeness(&read_targets_list(list)?)?),
        None => None,
    };
    if let Some(found) = &completeness {
        report_completeness(found);
    }
    let execution = Execution {
        shard: args.shard,
        completeness,
        existing: existing(args.resume, args.fresh),
        ..args.common.execution()
    };
    let display = progress::display(args.common.progress, run.n_targets());
    let summary = run.execute(Steps::SearchAndFit, &args.out, &execution, display.as_ref(), |_| {})?;
    if let Some(shard) = args.shard {
        report_counts(&summary);
        println!("shard {shard} in {}; `antumbra merge` puts shards together", args.out.display());
    } else {
        tables::print_results(&tables::ResultFiles::in_directory(&args.out), &args.input)?;
        report(&summary, &args.out);
        if args.report {
            let pages = args.common.pool()?.install(|| report_run(&args.out, None, Sheets::Write))?;
            println!("{} pages: {}", pages.pages, pages.index.display());
        }
    }
    Ok(ExitCode::from(exit_code(&summary)))
}

pub fn report(summary: &RunSummary, out: &std::path::Path) {
    report_counts(summary);
    println!(
        "results in {}: candidates, single_transits, vetting, fits, posteriors, targets, errors (.parquet), manifest.json",
        out.display()
    );
}

/// Sectors, quarters or campaigns that are named before the rest is only counted.
const MOST_SEGMENTS: usize = 40;

/// What there is, before anything is computed.
fn report_contents(run: &Run) {
    let contents = run.contents();
    let files = |n: usize| if n == 1 { "1 file".to_string() } else { format!("{n} files") };
    println!(
        "{} targets in {}; flux errors in {}, quality flags in {}, centroids in {}",
        run.n_targets(),
        files(contents.files),
        files(contents.flux_err),
        files(contents.quality),
        files(contents.centroid),
    );
    let named = contents.segments.iter().take(MOST_SEGMENTS).map(|(label, light_curves)| match label.as_str() {
        "" => format!("{light_curves} of no named sector"),
        label => format!("{light_curves} of {label}"),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = contents.segments.len().saturating_sub(MOST_SEGMENTS);
    let more = if more > 0 { format!(", and {more} sectors more") } else { String::new() };
    println!("light curves: {named}{more}\n");
}

/// Missing targets printed before the rest is only counted.
const MOST_MISSING: usize = 20;

/// What there is of the targets wanted.
fn report_completeness(found: &Completeness) {
    println!("{} of {} targets wanted are there, {} others", found.found, found.wanted, found.others);
    if !found.missing.is_empty() {
        let named = &found.missing[..found.missing.len().min(MOST_MISSING)];
        let more = found.missing.len() - named.len();
        let more = if more > 0 { format!(" and {more} more (all in manifest.json)") } else { String::new() };
        println!("missing: {}{more}", named.join(", "));
    }
}

/// What was kept and why, and the counts.
pub fn report_counts(summary: &RunSummary) {
    let (c, t, units) = (&summary.counts, &summary.timings, &summary.units);
    println!();
    for change in &summary.changes {
        println!("changed since the run before: {change}");
    }
    if units.kept > 0 {
        let of = units.kept + units.computed;
        println!("{} of {of} units of work still held, {} computed", units.kept, units.computed);
    }
    println!(
        "{} targets searched, {} failed; {} candidates, {} of them kept by vetting; {} fits ({} not converged); {} error rows; {:.1} s",
        c.targets_searched,
        c.targets_failed,
        c.candidates,
        c.vetted_candidates,
        c.fits_converged + c.fits_not_converged,
        c.fits_not_converged,
        c.error_rows,
        t.wall_s
    );
}

pub fn exit_code(summary: &RunSummary) -> u8 {
    if summary.counts.fits_not_converged > 0 {
        exit::NOT_CONVERGED
    } else if summary.counts.error_rows > 0 {
        exit::WITH_ERRORS
    } else {
        exit::DONE
    }
}
