//! The whole light curve, as it was and detrended, with transits, segment edges and masked cadences.

use super::view::View;
use crate::lightcurve::split_at_gaps;
use crate::report::draw::scene::{Point, Shape};
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, Text, Turn, scene::colors};
use crate::report::thin::{binned, decimated, joined, range, thinned, with_margin};

/// Points out of transit shown at most.
const MOST: usize = 4_000;
/// A gap (days) over which no trend is drawn.
const TREND_GAP: f64 = 0.5;

/// Two panels, one above the other.
pub(super) fn draw(scene: &mut Scene, area: Rect, view: &View) {
    let gap = 4.0;
    let height = 0.5 * (area.height - gap);
    let upper = Rect::new(area.left, area.top, area.width, height);
    let lower = Rect::new(area.left, area.top + height + gap, area.width, height);
    let (curve, flat) = (view.data.light_curve, view.data.detrended);
    let time = curve.time();
    let (start, end) = with_margin((time[0], time[time.len() - 1]), 0.01);
    let x = Axis::shifted(start, end);
    let half = 0.5 * view.duration;
    let in_transit = |t: f64| view.ephemeris.in_transit(t, half);

    // few points are in a rare transit, and they are what matters
    let within = |time: &[f64], flux: &[f64]| {
        let near = time.iter().zip(flux).filter(|(t, _)| in_transit(**t)).map(|(_, f)| *f);
        joined(range(flux.iter().copied(), 0.001), range(near, 0.02)).unwrap_or((0.0, 1.0))
    };
    let y = with_margin(within(time, curve.flux()), 0.08);
    let raw = Panel::new(upper, x, Axis::linear(y.0, y.1));
    let mut masked = vec![true; curve.len()];
    flat.index().iter().for_each(|i| masked[*i] = false);
    let kept: Vec<Point> = flat.index().iter().map(|i| (time[*i], curve.flux()[*i])).collect();
    points(scene, &raw, &kept, in_transit);
    let left_out: Vec<Point> = (0..curve.len()).filter(|i| masked[*i]).map(|i| (time[i], curve.flux()[i])).collect();
    crosses(scene, raw.inside(thinned(&left_out, MOST).0));
    // the trend is one where nothing was divided out
    if flat.trend().iter().any(|t| *t != 1.0) {
        for segment in flat.segments() {
            for piece in split_at_gaps(&flat.time()[segment.clone()], TREND_GAP) {
                let piece = segment.start + piece.start..segment.start + piece.end;
                let line: Vec<Point> = piece.map(|i| (flat.time()[i], flat.trend()[i])).collect();
                raw.line(scene, decimated(&line, upper.width as usize), Stroke::solid(colors::BLUE, 0.9));
            }
        }
    }

    let (low, high) = with_margin(within(flat.time(), flat.flux()), 0.08);
    // room for ticks above
    let panel = Panel::new(lower, x, Axis::linear(low, high + 0.10 * (high - low)));
    let all: Vec<Point> = flat.time().iter().copied().zip(flat.flux().iter().copied()).collect();
    points(scene, &panel, &all, in_transit);
    ticks(scene, &panel, view);
    edges(scene, &[&raw, &panel], view);

    raw.draw_frame(scene, &Labels { x: None, y: Some("Raw flux"), y_distance: Some(44.0) });
    let label = x.shift.label(view.time_name(), "d");
    panel.draw_frame(scene, &Labels { x: Some(&label), y: Some("Detrended flux"), y_distance: Some(44.0) });
}

/// Grey points, means of many, and all points in transit.
fn points(scene: &mut Scene, panel: &Panel, all: &[Point], in_transit: impl Fn(f64) -> bool) {
    let (inside, outside): (Vec<Point>, Vec<Point>) = all.iter().partition(|p| in_transit(p.0));
    let (shown, every) = thinned(&outside, MOST);
    let radius = if outside.len() > 1500 { 0.55 } else { 0.9 };
    panel.dots(scene, shown, radius, colors::DATA);
    if every > 1 {
        let width = 1.6 * (panel.x.high - panel.x.low) / panel.frame.width;
        let means = binned(outside.iter().map(|p| (p.0, p.1, 1.0)), panel.x.low, width);
        panel.dots(scene, means.iter().map(|b| (b.x, b.y)), 0.5, colors::NOTE);
    }
    panel.dots(scene, inside, radius + 0.15, colors::VERMILLION);
}

fn crosses(scene: &mut Scene, places: Vec<Point>) {
    const ARM: f64 = 1.3;
    let lines = places
        .iter()
        .flat_map(|(x, y)| [((x - ARM, y - ARM), (x + ARM, y + ARM)), ((x - ARM, y + ARM), (x + ARM, y - ARM))])
        .collect();
    scene.segments(lines, Stroke::solid(colors::PURPLE, 0.5));
}

/// A mark above every predicted transit: filled where there are data, and below for those of other candidates.
fn ticks(scene: &mut Scene, panel: &Panel, view: &View) {
    const MOST_TICKS: i64 = 800;
    let (first, last) = (view.ephemeris.epoch(panel.x.low), view.ephemeris.epoch(panel.x.high));
    let f = panel.frame;
    let time = view.data.detrended.time();
    if last - first <= MOST_TICKS {
        let (mut seen, mut missed) = (Vec::new(), Vec::new());
        for epoch in first..=last {
            let t = view.ephemeris.time_of(epoch);
            let x = panel.x_at(t);
            if x < f.left || x > f.right() {
                continue;
            }
            let from = time.partition_point(|s| *s < t - 0.5 * view.duration);
            let has_data = time.get(from).is_some_and(|s| *s <= t + 0.5 * view.duration);
            let triangle = vec![(x - 2.4, f.top + 2.0), (x + 2.4, f.top + 2.0), (x, f.top + 7.0)];
            if has_data { seen.push(triangle) } else { missed.push(triangle) }
        }
        scene.area(seen, colors::VERMILLION);
        scene.area(missed, colors::VERMILLION.tint(0.3));
    }
    for (i, other) in view.data.others.iter().enumerate() {
        let color = [colors::GREEN, colors::SKY, colors::ORANGE, colors::PURPLE][i % 4];
        let (first, last) = (other.ephemeris.epoch(panel.x.low), other.ephemeris.epoch(panel.x.high));
        if last - first > MOST_TICKS {
            continue;
        }
        let places = (first..=last).map(|e| panel.x_at(other.ephemeris.time_of(e)));
        let marks: Vec<Vec<Point>> = places
            .filter(|x| *x >= f.left && *x <= f.right())
            .map(|x| vec![(x - 2.0, f.bottom() - 2.0), (x + 2.0, f.bottom() - 2.0), (x, f.bottom() - 6.0)])
            .collect();
        scene.area(marks, color);
    }
}

/// A line where a segment begins, with its name.
fn edges(scene: &mut Scene, panels: &[&Panel], view: &View) {
    let curve = view.data.light_curve;
    let many = curve.segments().len() > 24;
    for segment in curve.segments() {
        let start = curve.time()[segment.range.start];
        for (i, panel) in panels.iter().enumerate() {
            if segment.range.start > 0 {
                panel.vertical(scene, start, Stroke::dashed(colors::NOTE, 0.5, 2.0, 2.0));
            }
            if i == 0 && !many {
                let at = (panel.x_at(start) + 2.0, panel.frame.top + 8.0);
                scene.shapes.push(Shape::Text(Text {
                    at,
                    words: segment.label.chars().take(16).collect(),
                    size: 6.5,
                    anchor: Anchor::Start,
                    turn: Turn::Level,
                    color: colors::NOTE,
                }));
            }
        }
    }
}
