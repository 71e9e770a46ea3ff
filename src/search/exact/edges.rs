//! The edges of a box, moved over single cadences to the highest S/N.

use super::refine::{DurationLimits, PeriodicBox};
use crate::search::series::dips::Series;
use crate::search::statistic::BoxSums;

/// How far from the edges of the box cadences are told apart, as a share of its length.
const EDGE_ZONE: f64 = 0.125;

/// Cadences of one phase, or all of those between the zones of the two edges.
#[derive(Clone, Copy, Debug)]
struct Group {
    first: f64,
    last: f64,
    sums: BoxSums,
}

/// The box of highest S/N, and its sums, whose edges are within an eighth of its length of those of `start`, found by moving one edge at
/// a time until neither moves.
///
/// An edge lies midway between two cadences, but no more than half the time step from the one inside. Cadences closer
/// to one another than a millionth of the duration have the same phase for all purposes and are not parted.
pub(crate) fn exact_edges(
    series: &Series,
    start: PeriodicBox,
    limits: DurationLimits,
    longest: f64,
) -> Option<(PeriodicBox, BoxSums)> {
    let width = start.duration;
    let apart = 1e-6 * width;
    let groups = groups(series, &start, apart);
    let mut before = Vec::with_capacity(groups.len() + 1);
    let mut sums = BoxSums::default();
    before.push(sums);
    for group in &groups {
        sums += group.sums;
        before.push(sums);
    }
    let half_step = 0.5 * series.cadence.max(4.0 * apart);
    let left_edge = |i: usize| {
        let inside = groups[i].first;
        let outside = if i > 0 { groups[i - 1].last } else { f64::NEG_INFINITY };
        inside - (0.5 * (inside - outside)).min(half_step)
    };
    let right_edge = |j: usize| {
        let inside = groups[j - 1].last;
        let outside = groups.get(j).map_or(f64::INFINITY, |g| g.first);
        inside + (0.5 * (outside - inside)).min(half_step)
    };
    let inside = |i: usize, j: usize| BoxSums {
        weight: before[j].weight - before[i].weight,
        weighted_dip: before[j].weighted_dip - before[i].weighted_dip,
    };
    let power = |i: usize, j: usize| inside(i, j).signed_delta_chi2(series.total_weight);
    let mut i = groups.partition_point(|g| g.last < -0.5 * width);
    let mut j = groups.partition_point(|g| g.first < 0.5 * width);
    if i >= j {
        return None;
    }
    let shortest = limits.shortest.max(0.75 * width).min(width);
    let longest = longest.min(1.3 * width).max(width);
    let fits = |i: usize, j: usize| (shortest..=longest).contains(&(right_edge(j) - left_edge(i)));
    let mut best = power(i, j);
    for _ in 0..8 {
        let previous = (i, j);
        for trial in i + 1..=groups.len() {
            if power(i, trial) > best && fits(i, trial) {
                best = power(i, trial);
                j = trial;
            }
        }
        for trial in 0..j {
            if power(trial, j) > best && fits(trial, j) {
                best = power(trial, j);
                i = trial;
            }
        }
        if (i, j) == previous {
            break;
        }
    }
    let (left, right) = (left_edge(i), right_edge(j));
    let transit_time = start.transit_time + 0.5 * (left + right);
    (best > 0.0).then_some((PeriodicBox { transit_time, duration: right - left, ..start }, inside(i, j)))
}

/// The cadences about `shape` by time from transit.
fn groups(series: &Series, shape: &PeriodicBox, apart: f64) -> Vec<Group> {
    let zone = (EDGE_ZONE * shape.duration).min(0.49 * (shape.period - shape.duration));
    let half = 0.5 * shape.duration + zone;
    let core_end = 0.5 * shape.duration - zone;
    let start = shape.transit_time - half;
    let (mut left, mut right): (Vec<Group>, Vec<Group>) = (Vec::new(), Vec::new());
    let mut core: Option<Group> = None;
    for window in series.windows(shape.period, start, 2.0 * half) {
        let middle = shape.transit_time + window.epoch as f64 * shape.period;
        for i in window.cadences {
            let offset = series.time[i] - middle;
            let weight = series.weight[i];
            let sums = BoxSums { weight, weighted_dip: weight * series.dip[i] };
            if offset.abs() <= core_end {
                match core.as_mut() {
                    Some(core) => {
                        core.first = core.first.min(offset);
                        core.last = core.last.max(offset);
                        core.sums += sums;
                    }
                    None => core = Some(Group { first: offset, last: offset, sums }),
                }
            } else {
                let side = if offset < 0.0 { &mut left } else { &mut right };
                side.push(Group { first: offset, last: offset, sums });
            }
        }
    }
    for side in [&mut left, &mut right] {
        side.sort_unstable_by(|a, b| a.first.total_cmp(&b.first));
    }
    let mut groups: Vec<Group> = Vec::with_capacity(left.len() + right.len() + 1);
    for group in left.into_iter().chain(core).chain(right) {
        match groups.last_mut() {
            Some(last) if group.first - last.last <= apart => {
                last.last = group.last;
                last.sums += group.sums;
            }
            _ => groups.push(group),
        }
    }
    groups
}
