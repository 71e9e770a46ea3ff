//! Completeness and reliability as figures, SVG and PNG.

use std::path::Path;

use super::execute::InjectSummary;
use super::totals::{Cells, CompletenessRow, ReliabilityRow, Totals};
use crate::inject::completeness::{Quantity, Tally};
use crate::inject::reliability::{Estimate, Reliability};
use crate::inject::{InjectConfig, Proportion, SizeRange};
use crate::pipeline::error::RunError;
use crate::report::completeness::{Curve, Point, curves, map};
use crate::report::draw::Scene;
use crate::report::draw::png::{SCALE, png};
use crate::report::draw::svg::svg;

/// Writes what can be drawn: `completeness`, `completeness_snr` and `reliability_snr`. A figure of an earlier run that
/// cannot be drawn now is removed.
pub fn write_figures(
    totals: &Totals,
    summary: &InjectSummary,
    inject: &InjectConfig,
    out: &Path,
) -> Result<(), RunError> {
    let size = match inject.planets.size {
        SizeRange::Snr(_) => Quantity::Snr,
        SizeRange::RpRs(_) | SizeRange::RadiusRearth(_) => totals.size(),
    };
    put(out, "completeness", map(&totals.grid(size, inject)))?;
    put(out, "completeness_snr", along_completeness(&summary.completeness))?;
    put(out, "reliability_snr", along_reliability(&summary.reliability))
}

fn put(out: &Path, name: &str, scene: Option<Scene>) -> Result<(), RunError> {
    for ending in ["svg", "png"] {
        let path = out.join(format!("{name}.{ending}"));
        let bytes =
            scene.as_ref().and_then(|s| if ending == "svg" { Some(svg(s).into_bytes()) } else { png(s, SCALE) });
        let done = match bytes {
            Some(bytes) => std::fs::write(&path, bytes),
            None if path.exists() => std::fs::remove_file(&path),
            None => Ok(()),
        };
        done.map_err(|source| RunError::Output { path, source })?;
    }
    Ok(())
}

fn along_completeness(rows: &[CompletenessRow]) -> Option<Scene> {
    let curve = |name, share: fn(&Tally) -> Proportion| {
        let points = rows.iter().filter(|r| r.cells == Cells::Snr).filter_map(|r| {
            let share = share(&r.tally);
            let (low, high) = share.interval(1.0);
            Some(Point { snr: r.snr?, value: share.share(), interval_68: [low, high] })
        });
        Curve { name, points: points.collect() }
    };
    let injected: usize = rows.iter().filter(|r| r.cells == Cells::All).map(|r| r.tally.injected).sum();
    curves(
        "Completeness along S/N",
        ("Expected S/N of the injected planet", "Completeness"),
        &[curve("found by the search", Tally::found), curve("found, and passed vetting", Tally::kept)],
        &[format!(
            "{injected} planets injected; bars: bins and 68 % intervals (Wilson). S/N over red noise, gaps counted."
        )],
    )
}

fn along_reliability(rows: &[ReliabilityRow]) -> Option<Scene> {
    let curve = |name, of: fn(&Reliability) -> Estimate| {
        let points = rows.iter().filter(|r| r.cells == Cells::Snr).filter_map(|r| {
            let estimate = of(&r.counts);
            Some(Point { snr: r.snr?, value: estimate.value, interval_68: estimate.intervals[0] })
        });
        Curve { name, points: points.collect() }
    };
    let effectiveness = |counts: &Reliability| {
        let share = counts.effectiveness();
        let (low, high) = share.interval(1.0);
        Estimate { value: share.share(), intervals: [[low, high]; 2] }
    };
    let all = rows.iter().find(|r| r.cells == Cells::All)?;
    let note = format!(
        "{} candidates that passed in {} light curves; {} false alarms in {} inverted and {} scrambled ones. Bars: bins \
         and 68 % intervals.",
        all.counts.observed.passed,
        all.light_curves[0],
        all.counts.simulated().all(),
        all.light_curves[1],
        all.light_curves[2],
    );
    curves(
        "Reliability along S/N",
        ("S/N over red noise", "Share"),
        &[
            curve("reliability", Reliability::by_effectiveness),
            curve("by count", Reliability::by_count),
            curve("effectiveness of vetting", effectiveness),
        ],
        &[note],
    )
}
