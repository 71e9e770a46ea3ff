//! S/N against trial period, with the period, its harmonics and those of other candidates.

use super::view::View;
use crate::report::draw::scene::Point;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, Text, Turn, scene::colors};
use crate::report::thin::decimated;

/// Periods over the candidate's that are marked, with their names.
const HARMONICS: [(f64, &str); 6] =
    [(1.0 / 3.0, "P/3"), (0.5, "P/2"), (2.0 / 3.0, ""), (1.5, ""), (2.0, "2P"), (3.0, "3P")];

/// The panel; says so where there is no periodogram.
pub(super) fn draw(scene: &mut Scene, area: Rect, view: &View) {
    let Some(data) = view.data.periodogram.filter(|p| p.period.len() > 1 && p.period.len() == p.snr.len()) else {
        scene.outline(area, Stroke::solid(colors::GRID, 0.6));
        let middle = (area.left + 0.5 * area.width, area.top + 0.5 * area.height);
        scene.words(middle, "no periodogram: the period was given", 7.5, Anchor::Middle);
        return;
    };
    let (low, high) = (data.period[0], data.period[data.period.len() - 1]);
    let x = Axis::logarithmic(low, high);
    let top = data.snr.iter().copied().fold(0.0f32, f32::max);
    let bottom = data.snr.iter().copied().fold(f32::INFINITY, f32::min).min(top);
    let panel = Panel::new(area, x, Axis::linear(f64::from(bottom) - 0.3, 1.14 * f64::from(top)));
    let period = view.ephemeris.period;
    for (factor, _) in HARMONICS {
        panel.vertical(scene, factor * period, Stroke::dashed(colors::VERMILLION.tint(0.6), 0.6, 2.0, 2.0));
    }
    panel.vertical(scene, period, Stroke::solid(colors::VERMILLION.tint(0.45), 3.0));
    // decimated on the axis that is drawn
    let line: Vec<Point> = data.period.iter().zip(data.snr).map(|(p, s)| (p.ln(), f64::from(*s))).collect();
    let line = decimated(&line, area.width as usize).into_iter().map(|(p, s)| (p.exp(), s));
    panel.line(scene, line, Stroke::solid(colors::INK, 0.6));
    let note = |scene: &mut Scene, at: f64, words: &str, color| {
        let x = panel.x_at(at);
        if x > area.left + 6.0 && x < area.right() - 6.0 && !words.is_empty() {
            scene.write(Text {
                at: (x + 1.5, area.top + 7.0),
                words: words.into(),
                size: 6.5,
                anchor: Anchor::Start,
                turn: Turn::Level,
                color,
            });
        }
    };
    note(scene, period, "P", colors::VERMILLION);
    for (factor, words) in HARMONICS {
        note(scene, factor * period, words, colors::VERMILLION);
    }
    for other in view.data.others {
        panel.vertical(scene, other.ephemeris.period, Stroke::dashed(colors::GREEN, 0.7, 3.0, 2.0));
    }
    panel.draw_frame(scene, &Labels { x: Some("Trial period (d)"), y: Some("S/N of the best box"), y_distance: None });
}
