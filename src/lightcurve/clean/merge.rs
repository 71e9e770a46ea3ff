//! Puts the cleaned segments of a target on one time scale and one after the other.

use super::{CleanConfig, CleanSegment, DroppedSegment, SegmentReport, outliers};
use crate::lightcurve::{Centroid, LightCurve, LightCurveError, RawTarget, Segment, TimeSystem, split_at_gaps};

/// Breaks longer than this (days) leave room for another segment: a night, or the downlink of a sector.
const ROOM_FOR_OTHERS: f64 = 0.5;

/// Converts all times to the system of the segment that starts first. Days from an unknown epoch cannot be put beside
/// days from a known one.
pub(super) fn common_time_system(segments: &mut [CleanSegment<'_>]) -> Result<TimeSystem, LightCurveError> {
    let known = |s: &&CleanSegment<'_>| s.raw.time_system.offset().is_some();
    let first_known = segments
        .iter()
        .filter(known)
        .map(|s| (s, s.raw.time_system.offset().unwrap_or(0.0)))
        .min_by(|(a, x), (b, y)| (a.time[0] + x).total_cmp(&(b.time[0] + y)));
    let Some((first, target_offset)) = first_known else {
        return Ok(TimeSystem::UNKNOWN);
    };
    if let Some(unknown) = segments.iter().find(|s| !known(s)) {
        return Err(LightCurveError::TimeSystems {
            first: first.raw.label.clone(),
            second: unknown.raw.label.clone(),
            first_system: first.raw.time_system.name(),
            second_system: unknown.raw.time_system.name(),
        });
    }
    let system = first.raw.time_system;
    for segment in segments.iter_mut() {
        let shift = segment.raw.time_system.offset().unwrap_or(target_offset) - target_offset;
        if shift != 0.0 {
            segment.time.iter_mut().chain(&mut segment.momentum_dumps).for_each(|t| *t += shift);
        }
    }
    Ok(system)
}

/// Where segments observed at the same time, keeps the preferred one (`preference`, then more cadences, then label).
///
/// Times in a light curve ascend, so two bands or products of the same night cannot both stay. A segment keeps what lies
/// in breaks of the preferred ones longer than half a day; if more than half of it overlaps it is dropped instead.
pub(super) fn one_cadence_at_a_time<'a>(
    mut segments: Vec<CleanSegment<'a>>,
    min_cadences: usize,
    dropped: &mut Vec<DroppedSegment>,
) -> Vec<CleanSegment<'a>> {
    segments.sort_by(|a, b| {
        let by_preference = b.raw.preference.cmp(&a.raw.preference);
        let by_size = b.time.len().cmp(&a.time.len());
        let by_name = (&a.raw.label, &a.raw.source).cmp(&(&b.raw.label, &b.raw.source));
        by_preference.then(by_size).then(by_name).then(a.time[0].total_cmp(&b.time[0]))
    });
    let mut accepted: Vec<CleanSegment<'a>> = Vec::with_capacity(segments.len());
    let mut taken: Vec<(f64, f64, String)> = Vec::new(); // first and last time of each stretch, ascending
    for mut segment in segments {
        let stretch_at = |t: f64| {
            let after = taken.partition_point(|(start, ..)| *start <= t);
            after.checked_sub(1).map(|i| &taken[i]).filter(|(_, end, _)| t <= *end)
        };
        let free: Vec<bool> = segment.time.iter().map(|&t| stretch_at(t).is_none()).collect();
        let kept = free.iter().filter(|f| **f).count();
        let shared = free.len() - kept;
        if 2 * shared > free.len() || kept < min_cadences {
            let other = segment.time.iter().find_map(|&t| stretch_at(t)).map_or_else(String::new, |s| s.2.clone());
            dropped.push(DroppedSegment::new(
                segment.raw,
                LightCurveError::Overlap { segment: segment.raw.label.clone(), other, shared, cadences: free.len() },
            ));
            continue;
        }
        if shared > 0 {
            for column in [&mut segment.time, &mut segment.flux, &mut segment.flux_err] {
                let mut row = 0;
                column.retain(|_| {
                    row += 1;
                    free[row - 1]
                });
            }
            if let Some(centroid) = &mut segment.centroid {
                centroid.retain(&free);
            }
            segment.report.overlapping = shared;
            segment.report.cadences_out = kept;
        }
        for stretch in stretches(&segment.time, &taken) {
            taken.push((segment.time[stretch.start], segment.time[stretch.end - 1], segment.raw.label.clone()));
        }
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        accepted.push(segment);
    }
    accepted.sort_by(|a, b| a.time[0].total_cmp(&b.time[0]));
    accepted
}

/// Runs of times without a long break, cut too where a stretch of another segment lies inside the break.
fn stretches(time: &[f64], taken: &[(f64, f64, String)]) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    for piece in split_at_gaps(time, ROOM_FOR_OTHERS) {
        let mut start = piece.start;
        for i in piece.start + 1..piece.end {
            let next = taken.partition_point(|(s, ..)| *s <= time[i - 1]);
            if taken.get(next).is_some_and(|(s, ..)| *s < time[i]) {
                out.push(start..i);
                start = i;
            }
        }
        out.push(start..piece.end);
    }
    out
}

type Joined = (LightCurve, Vec<bool>, Vec<SegmentReport>);

/// Builds the light curve; a segment with another inside one of its breaks appears there as two segments of one label.
pub(super) fn join(
    target: &RawTarget,
    mut segments: Vec<CleanSegment<'_>>,
    time_system: TimeSystem,
    config: &CleanConfig,
) -> Result<Joined, LightCurveError> {
    let outliers: Vec<Vec<bool>> = segments
        .iter_mut()
        .map(|s| {
            let high = outliers::upward(&s.time, &s.flux, config);
            s.report.upward_outliers = high.iter().filter(|h| **h).count();
            high
        })
        .collect();
    let mut order: Vec<(usize, usize)> =
        segments.iter().enumerate().flat_map(|(s, segment)| (0..segment.time.len()).map(move |row| (s, row))).collect();
    order.sort_by(|a, b| segments[a.0].time[a.1].total_cmp(&segments[b.0].time[b.1]));

    let column = |pick: for<'a> fn(&'a CleanSegment<'_>) -> &'a [f64]| -> Vec<f64> {
        order.iter().map(|&(s, row)| pick(&segments[s])[row]).collect()
    };
    let mut runs: Vec<Segment> = Vec::new();
    for chunk in order.chunk_by(|a, b| a.0 == b.0) {
        let segment = &segments[chunk[0].0];
        let start = runs.last().map_or(0, |r| r.range.end);
        runs.push(Segment {
            range: start..start + chunk.len(),
            label: segment.raw.label.clone(),
            source: segment.raw.source.clone(),
            exposure_time: segment.exposure_time,
            band: segment.raw.band.clone(),
        });
    }
    let light_curve = LightCurve::new(
        target.target_id.clone(),
        column(|s| &s.time),
        column(|s| &s.flux),
        column(|s| &s.flux_err),
        runs,
        time_system,
    )?
    .with_star(target.star)
    .with_momentum_dumps(momentum_dumps(&segments));
    let light_curve = match centroid(&segments, &order) {
        Some(centroid) => light_curve.with_centroid(centroid)?,
        None => light_curve,
    };
    let keep = order.iter().map(|&(s, row)| !outliers[s][row]).collect();
    Ok((light_curve, keep, segments.into_iter().map(|s| s.report).collect()))
}

/// Centroids of the cadences in `order` (segment and row), if any segment has some.
fn centroid(segments: &[CleanSegment<'_>], order: &[(usize, usize)]) -> Option<Centroid> {
    segments.iter().find(|s| s.centroid.is_some())?;
    let of: Vec<Option<&Centroid>> = segments.iter().map(|s| s.centroid.as_ref()).collect();
    let column = |pick: for<'a> fn(&'a Centroid) -> &'a [f64]| {
        order.iter().map(|&(s, row)| of[s].map_or(f64::NAN, |c| pick(c)[row])).collect()
    };
    Some(Centroid { column: column(|c| &c.column), row: column(|c| &c.row) })
}

fn momentum_dumps(segments: &[CleanSegment<'_>]) -> Vec<f64> {
    let mut times: Vec<f64> = segments.iter().flat_map(|s| &s.momentum_dumps).copied().collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}
