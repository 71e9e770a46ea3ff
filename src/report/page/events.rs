//! Single transits one above the other, each with its number, time and S/N.

use super::view::View;
use crate::report::draw::ticks::written;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors};
use crate::report::thin::{binned, round_duration};

/// Transits shown at most.
const MOST: usize = 12;

/// The panel; transits with data, evenly chosen where they are many. Returns how many there are and how many are shown.
pub(super) fn draw(scene: &mut Scene, area: Rect, view: &View) -> (usize, usize) {
    let half = (1.5 * view.duration).min(0.5 * view.ephemeris.period);
    let time = &view.time;
    let mut epochs: Vec<(i64, Vec<usize>)> = Vec::new();
    for (i, _) in view.around(0.0, half) {
        let epoch = view.ephemeris.epoch(time[i]);
        match epochs.last_mut() {
            Some((last, indices)) if *last == epoch => indices.push(i),
            _ => epochs.push((epoch, vec![i])),
        }
    }
    epochs.retain(|(_, indices)| indices.iter().any(|i| view.phase[*i].abs() <= 0.5 * view.duration));
    let total = epochs.len();
    let shown: Vec<&(i64, Vec<usize>)> = if total <= MOST {
        epochs.iter().collect()
    } else {
        (0..MOST).map(|k| &epochs[k * (total - 1) / (MOST - 1)]).collect()
    };
    let width = round_duration(view.duration / 10.0).0.max(view.exposure);
    // the noise of a mean of that length, or of a cadence
    let noise = view.sigma * (view.exposure.max(1e-6) / width).min(1.0).sqrt();
    let step = (1.15 * view.depth + 3.0 * noise).max(1e-9);
    let low = -step * (shown.len() as f64 - 1.0).max(0.0) - view.depth - 2.5 * noise;
    let x = Axis::linear(-24.0 * half, 24.0 * half);
    let panel = Panel::new(area, x, Axis::unmarked(low, 2.5 * noise + 0.15 * step));
    let days: Vec<f64> = (0..=160).map(|i| (f64::from(i) / 80.0 - 1.0) * half).collect();
    let model = view.model_at(&days);
    let errors = &view.flux_err;
    for (k, (epoch, indices)) in shown.iter().enumerate() {
        let offset = -step * k as f64 - 1.0;
        if noise < 0.5 * view.depth || indices.len() < 60 {
            panel.dots(
                scene,
                indices.iter().map(|i| (24.0 * view.phase[*i], view.flux[*i] + offset)),
                0.6,
                colors::DATA,
            );
        }
        panel.line(
            scene,
            days.iter().map(|d| 24.0 * d).zip(model.iter().map(|f| f + offset)),
            Stroke::solid(colors::VERMILLION, 0.8),
        );
        let bins = binned(indices.iter().map(|i| (view.phase[*i], view.flux[*i], errors[*i])), 0.0, width);
        let means: Vec<(f64, f64)> = bins.iter().map(|b| (24.0 * b.x, b.y + offset)).collect();
        panel.dots(scene, means, 1.2, colors::INK);
        let y = panel.y_at(1.0 + offset).clamp(area.top + 6.0, area.bottom() - 2.0);
        let event = view
            .data
            .candidate
            .transits
            .iter()
            .find(|t| (t.time - view.ephemeris.time_of(*epoch)).abs() < 0.5 * view.duration);
        let snr =
            event.filter(|e| e.snr.is_finite()).map_or_else(String::new, |e| format!("  S/N {}", written(e.snr, 1)));
        let words = format!("{}{snr}", written(view.ephemeris.time_of(*epoch), 2));
        scene.words((area.right() + 4.0, y + 2.5), words, 6.3, Anchor::Start);
    }
    panel.draw_frame(scene, &Labels { x: Some("Time from mid-transit (h)"), y: None, y_distance: None });
    (total, shown.len())
}
