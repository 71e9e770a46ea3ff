//! Model-Shift: depth of the transit's shape at every phase, its events and thresholds.

use super::view::View;
use crate::report::draw::scene::Point;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, Text, Turn, scene::colors};
use crate::report::thin::{decimated, range, with_margin};
use crate::vet::model_shift::ShiftEvent;

/// How much deeper than all else the panel reaches.
const MOST_TIMES: f64 = 4.0;

/// The panel; says so where Model-Shift could not be run.
pub(super) fn draw(scene: &mut Scene, area: Rect, view: &View) {
    let Some(shift) = view.shift.as_ref().filter(|s| s.series.len() > 2) else {
        scene.outline(area, Stroke::solid(colors::GRID, 0.6));
        let middle = (area.left + 0.5 * area.width, area.top + 0.5 * area.height);
        scene.words(middle, "Model-Shift could not be computed", 7.5, Anchor::Middle);
        return;
    };
    let has_data = |p: f64| view.has_data(p);
    let known = shift.series.iter().filter(|s| has_data(s.0));
    let mut series: Vec<Point> = known.map(|(p, d)| (*p, -1e6 * d)).collect();
    // a sort that makes use of stretches which are in order
    series.sort_by(|a, b| a.0.total_cmp(&b.0));
    let threshold = 1e6 * shift.false_alarm_threshold_1 * shift.f_red.max(1.0) * shift.depth_err;
    let (lowest, high) = range(series.iter().map(|p| p.1), 0.0).unwrap_or((-1.0, 1.0));
    // a deep primary would hide everything that is to be compared with it
    let depth = |e: Option<ShiftEvent>| e.filter(|e| has_data(e.phase)).map_or(0.0, |e| 1e6 * e.depth.abs());
    let others = [shift.secondary, shift.tertiary, shift.positive].into_iter().map(depth).fold(threshold, f64::max);
    let low = lowest.max(-MOST_TIMES * others);
    let (low, high) = with_margin((low.min(-threshold), high.max(threshold)), 0.16);
    let panel = Panel::new(area, Axis::linear(-0.25, 0.75), Axis::linear(low, high));
    for level in [threshold, -threshold] {
        panel.horizontal(scene, level, Stroke::dashed(colors::BLUE, 0.7, 3.0, 2.0));
    }
    panel.horizontal(scene, 0.0, Stroke::solid(colors::GRID, 0.6));
    // broken where a stretch of phases has no data
    let gap = 1.5 * view.duration / view.ephemeris.period;
    for piece in series.chunk_by(|a, b| b.0 - a.0 < gap) {
        let columns = (area.width * (piece[piece.len() - 1].0 - piece[0].0)).max(2.0) as usize;
        panel.line(scene, decimated(piece, columns), Stroke::solid(colors::INK, 0.7));
    }
    let events = [
        ("Pri", Some(shift.primary), -1.0, colors::VERMILLION),
        ("Sec", shift.secondary, -1.0, colors::BLUE),
        ("Ter", shift.tertiary, -1.0, colors::GREEN),
        ("Pos", shift.positive, 1.0, colors::PURPLE),
    ];
    for (name, event, sign, color) in events {
        let Some(event) = event.filter(|e| has_data(e.phase)) else { continue };
        let (x, y) = panel.at(event.phase, sign * 1e6 * event.depth);
        // below dips and above bumps, inside the frame
        let tip = (y - sign * 3.0).clamp(area.top + 13.0, area.bottom() - 13.0);
        let base = tip - sign * 5.0;
        scene.area(vec![vec![(x, tip), (x - 2.5, base), (x + 2.5, base)]], color);
        let name = if y > area.bottom() { format!("{name} {:.0} ppm", 1e6 * event.depth) } else { name.to_string() };
        let room = if name.len() > 3 { 34.0 } else { 10.0 };
        let at = (x.clamp(area.left + room, area.right() - room), if sign < 0.0 { base + 6.0 } else { base - 1.5 });
        let (anchor, turn) = (Anchor::Middle, Turn::Level);
        scene.write(Text { at, words: name, size: 6.0, anchor, turn, color });
    }
    panel.draw_frame(
        scene,
        &Labels { x: Some("Orbital phase"), y: Some("−Depth of the model (ppm)"), y_distance: Some(44.0) },
    );
}
