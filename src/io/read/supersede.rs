//! Of several products of the same photons, one is kept.

use super::error::{InputError, ReadError};
use crate::lightcurve::RawSegment;

/// A segment that reaches over the preferred ones keeps the rest of its cadences where they are at least this fraction.
const WORTH_KEEPING: f64 = 0.25;

/// Leaves out what another segment of the same band covers better.
///
/// Segments are taken by preference, then by number of usable cadences, then by source. Cadences of a later one that lie
/// within the time span of one already taken are left out. If fewer than a quarter remain the whole segment goes; the
/// rest is kept otherwise (a month of short cadence does not cost a quarter of long cadence). Bands differ by name; times
/// on scales that cannot be compared never overlap.
pub(super) fn supersede(segments: Vec<RawSegment>, target_id: &str) -> (Vec<RawSegment>, Vec<InputError>) {
    let mut order: Vec<(usize, RawSegment)> = segments.iter().map(usable).zip(segments.iter().cloned()).collect();
    order.sort_by(|(n_a, a), (n_b, b)| {
        (b.preference, n_b).cmp(&(a.preference, n_a)).then_with(|| (&a.source, &a.label).cmp(&(&b.source, &b.label)))
    });
    let mut kept: Vec<RawSegment> = Vec::with_capacity(order.len());
    let mut errors = Vec::new();
    for (cadences, segment) in order {
        let mut inside = vec![false; segment.time.len()];
        let mut preferred: Option<(&RawSegment, usize)> = None;
        for other in kept.iter().filter(|other| comparable(&segment, other)) {
            let Some((start, end)) = span(other) else { continue };
            let shift = shift(&segment, other);
            let mut overlapping = 0;
            for (row, time) in segment.time.iter().enumerate() {
                if (start..=end).contains(&(time + shift)) {
                    inside[row] = true;
                    overlapping += 1;
                }
            }
            if overlapping > preferred.map_or(0, |(_, n)| n) {
                preferred = Some((other, overlapping));
            }
        }
        let Some((other, _)) = preferred else {
            kept.push(segment);
            continue;
        };
        let left_out = count(&segment, &inside, true);
        let error = ReadError::Superseded {
            preferred: format!("{} ({})", other.label, other.source),
            overlapping: left_out,
            cadences,
        };
        errors.push(InputError::new(&segment.source, Some(target_id), error));
        if (cadences - left_out) as f64 >= WORTH_KEEPING * cadences as f64 && left_out < cadences {
            let outside: Vec<bool> = inside.iter().map(|i| !i).collect();
            kept.push(select(&segment, &outside));
        }
    }
    (kept, errors)
}

/// Orders segments by their first time; those on unknown scales after the others, then by label and source.
pub(super) fn sort_by_time(segments: &mut [RawSegment]) {
    let key = |segment: &RawSegment| {
        let start = span(segment).map_or(f64::INFINITY, |(start, _)| start);
        (segment.time_system.offset().is_none(), start + segment.time_system.offset().unwrap_or(0.0))
    };
    segments.sort_by(|a, b| {
        let ((unknown_a, start_a), (unknown_b, start_b)) = (key(a), key(b));
        unknown_a
            .cmp(&unknown_b)
            .then(start_a.total_cmp(&start_b))
            .then_with(|| (&a.label, &a.source).cmp(&(&b.label, &b.source)))
    });
}

fn comparable(a: &RawSegment, b: &RawSegment) -> bool {
    a.band == b.band && a.time_system.offset().is_some() == b.time_system.offset().is_some()
}

/// What to add to the times of `a` to compare them with those of `b`.
fn shift(a: &RawSegment, b: &RawSegment) -> f64 {
    a.time_system.offset().unwrap_or(0.0) - b.time_system.offset().unwrap_or(0.0)
}

fn is_usable(segment: &RawSegment, row: usize) -> bool {
    segment.time[row].is_finite() && segment.flux[row].is_finite()
}

fn usable(segment: &RawSegment) -> usize {
    (0..segment.time.len()).filter(|row| is_usable(segment, *row)).count()
}

fn count(segment: &RawSegment, mask: &[bool], value: bool) -> usize {
    (0..segment.time.len()).filter(|row| mask[*row] == value && is_usable(segment, *row)).count()
}

/// First and last time of the usable cadences.
fn span(segment: &RawSegment) -> Option<(f64, f64)> {
    let times = (0..segment.time.len()).filter(|row| is_usable(segment, *row)).map(|row| segment.time[row]);
    times.fold(None, |span, t| match span {
        None => Some((t, t)),
        Some((start, end)) => Some((t.min(start), t.max(end))),
    })
}

fn select(segment: &RawSegment, keep: &[bool]) -> RawSegment {
    let pick = |values: &[f64]| values.iter().zip(keep).filter(|(_, k)| **k).map(|(v, _)| *v).collect::<Vec<_>>();
    RawSegment {
        time: pick(&segment.time),
        flux: pick(&segment.flux),
        flux_err: segment.flux_err.as_deref().map(pick),
        centroid: segment.centroid.as_ref().map(|c| {
            let mut centroid = c.clone();
            centroid.retain(keep);
            centroid
        }),
        flagged: segment.flagged.as_ref().map(|f| f.iter().zip(keep).filter(|(_, k)| **k).map(|(v, _)| *v).collect()),
        ..segment.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lightcurve::TimeSystem;

    fn segment(source: &str, start: f64, n: usize, step: f64, preference: u8) -> RawSegment {
        RawSegment {
            label: "S1".into(),
            source: source.into(),
            time: (0..n).map(|i| start + i as f64 * step).collect(),
            flux: vec![1.0; n],
            time_system: TimeSystem::BTJD,
            band: Some("TESS".into()),
            preference,
            ..RawSegment::default()
        }
    }

    #[test]
    fn one_product_of_a_sector_is_kept() {
        let spoc = segment("spoc", 1000.0, 1000, 0.02, 200);
        let qlp = segment("qlp", 999.9, 1000, 0.02, 150);
        let mut bjd = segment("same in full BJD", 2_458_000.0, 900, 0.02, 100);
        bjd.time_system = TimeSystem::BJD;
        let ground = RawSegment { band: Some("r".into()), ..segment("ground", 1001.0, 50, 0.02, 100) };
        let (kept, errors) = supersede(vec![bjd, qlp, ground.clone(), spoc.clone()], "TIC 1");
        assert_eq!(kept, [spoc, ground]);
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0].source, "qlp");
        assert!(errors[0].reason().contains("spoc"), "{}", errors[0]);
        assert!(
            matches!(errors[0].error, ReadError::Superseded { overlapping: 995, cadences: 1000, .. }),
            "{:?}",
            errors[0]
        );
    }

    #[test]
    fn a_month_of_short_cadence_keeps_the_rest_of_the_quarter() {
        let long = segment("long", 0.0, 4500, 0.02, 200);
        let short = segment("short", 30.0, 43_200, 30.0 / 43_200.0, 200);
        let (mut kept, errors) = supersede(vec![long, short], "KIC 1");
        sort_by_time(&mut kept);
        assert_eq!(errors.len(), 1);
        assert_eq!((kept[0].source.as_str(), kept[0].time.len()), ("long", 3000));
        assert_eq!(kept[1].source, "short");
    }
}
