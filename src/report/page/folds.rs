//! Folded views: the whole orbit, the primary, the secondary, odd and even transits.

use super::view::View;
use crate::report::draw::scene::Point;
use crate::report::draw::ticks::written;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors};
use crate::report::thin::{Bin, binned, joined, range, round_duration, thinned, with_margin};

/// Points of a panel shown at most.
const MOST: usize = 3_000;
/// Half the width of a zoom in durations.
const ZOOM: f64 = 1.5;

const MODEL: Stroke = Stroke::solid(colors::VERMILLION, 1.1);

/// Range of the panels that show the depth: the model, the means, and points as far as they do not hide these.
fn vertical_range(view: &View, points: &[Point], bins: &[Bin]) -> (f64, f64) {
    let model = range(view.model.iter().copied(), 0.0);
    let means = range(bins.iter().filter(|b| b.count > 2).map(|b| b.y), 0.0);
    let core = joined(model, means).unwrap_or((0.99, 1.01));
    let room = (0.9 * (core.1 - core.0)).min(4.0 * view.sigma).max(1e-6);
    let all = range(points.iter().map(|p| p.1), 0.002).unwrap_or(core);
    let low = core.0.min(all.0.max(core.0 - room));
    let high = core.1.max(all.1.min(core.1 + room));
    with_margin((low, high), 0.06)
}

/// All phases from −0.25 to 0.75 of an orbit, with the phases of the Model-Shift events.
pub(super) fn full_phase(scene: &mut Scene, area: Rect, view: &View) {
    let period = view.ephemeris.period;
    let share = |days: f64| {
        let p = days / period;
        if p < -0.25 { p + 1.0 } else { p }
    };
    let points: Vec<Point> = view.phase.iter().zip(&view.flux).map(|(p, f)| (share(*p), *f)).collect();
    let errors = &view.flux_err;
    let all = points.iter().zip(errors).map(|(p, e)| (p.0, p.1, *e));
    let bins = binned(all, 0.0, 1.0 / 200.0);
    let y = vertical_range(view, &points, &bins);
    let panel = Panel::new(area, Axis::linear(-0.25, 0.75), Axis::linear(y.0, y.1));
    panel.dots(scene, thinned(&points, MOST).0, 0.5, colors::DATA);
    panel.dots(scene, bins.iter().filter(|b| b.count > 1).map(|b| (b.x, b.y)), 0.9, colors::INK);
    let days: Vec<f64> = (0..=1200).map(|i| (f64::from(i) / 1200.0 - 0.25) * period).collect();
    let model = view.model_at(&days);
    panel.line(scene, days.iter().map(|d| d / period).zip(model), MODEL);
    if let Some(secondary) = view.shift.as_ref().and_then(|s| s.secondary) {
        panel.vertical(scene, secondary.phase, Stroke::dashed(colors::BLUE, 0.7, 2.5, 2.0));
    }
    panel.draw_frame(scene, &Labels { x: Some("Orbital phase"), y: Some("Relative flux"), y_distance: Some(44.0) });
}

/// The transit itself.
pub(super) fn primary(scene: &mut Scene, area: Rect, view: &View) {
    let half = (ZOOM * view.duration).min(0.5 * view.ephemeris.period);
    let points: Vec<Point> = view.around(0.0, half).map(|(i, p)| (24.0 * p, view.flux[i])).collect();
    let width = round_duration(view.duration / 12.0).0.max(view.exposure);
    let bins = view.bins(0.0, half, width);
    let y = vertical_range(view, &points, &bins);
    let panel = Panel::new(area, Axis::linear(-24.0 * half, 24.0 * half), Axis::linear(y.0, y.1));
    zoom(scene, &panel, &points, &bins, 0.0);
    model_line(scene, &panel, view, half);
    panel.draw_frame(
        scene,
        &Labels { x: Some("Time from mid-transit (h)"), y: Some("Relative flux"), y_distance: Some(44.0) },
    );
}

/// Where the secondary is deepest by Model-Shift, else half an orbit later; an axis of its own.
pub(super) fn secondary(scene: &mut Scene, area: Rect, view: &View) {
    let period = view.ephemeris.period;
    let event = view.shift.as_ref().and_then(|s| s.secondary);
    let centre = event.map_or(0.5, |e| e.phase) * period;
    let half = (ZOOM * view.duration).min(0.25 * period);
    let points: Vec<Point> = view.around(centre, half).map(|(i, p)| (24.0 * p, view.flux[i])).collect();
    let width = round_duration(view.duration / 12.0).0.max(view.exposure);
    let errors = &view.flux_err;
    let bins = binned(view.around(centre, half).map(|(i, p)| (p, view.flux[i], errors[i])), 0.0, width);
    let core = range(bins.iter().filter(|b| b.count > 2).flat_map(|b| [b.y - b.error, b.y + b.error]), 0.0)
        .unwrap_or((1.0 - view.sigma, 1.0 + view.sigma));
    let (low, high) = with_margin(core, 0.5);
    let panel = Panel::new(area, Axis::linear(-24.0 * half, 24.0 * half), Axis::linear(low, high));
    zoom(scene, &panel, &points, &bins, 0.0);
    let level = view.model_at(&[0.5 * period])[0];
    if let Some(e) = event {
        // the dip of the transit's shape that fits best here
        let days: Vec<f64> = (0..=160).map(|i| (f64::from(i) / 80.0 - 1.0) * half).collect();
        let scale = e.depth / view.depth.max(1e-12);
        let curve = view.model_at(&days).into_iter().map(|f| level + scale * (f - level));
        panel.line(scene, days.iter().map(|d| 24.0 * d).zip(curve), Stroke::solid(colors::BLUE, 1.1));
    } else {
        panel.horizontal(scene, level, Stroke::solid(colors::BLUE, 1.1));
    }
    let label = format!("Time from phase {} (h)", written(centre / period, 3));
    panel.draw_frame(scene, &Labels { x: Some(&label), y: Some("Relative flux"), y_distance: Some(44.0) });
}

/// Odd and even transits side by side on one axis, each with the depth measured in it.
pub(super) fn odd_even(scene: &mut Scene, area: Rect, view: &View) {
    let half = (0.9 * view.duration).min(0.5 * view.ephemeris.period);
    let width = round_duration(view.duration / 10.0).0.max(view.exposure);
    let errors = &view.flux_err;
    let every: Vec<(usize, f64)> = view.around(0.0, half).collect();
    let is_odd = |i: usize| view.ephemeris.epoch(view.time[i]).rem_euclid(2) == 1;
    let all: Vec<Point> = every.iter().map(|(i, p)| (24.0 * p, view.flux[*i])).collect();
    let y = vertical_range(view, &all, &view.bins(0.0, half, width));
    let gap = 6.0;
    let cell = 0.5 * (area.width - gap);
    let candidate = view.data.candidate;
    for (n, (name, wants_odd, depth, err)) in [
        ("odd", true, candidate.depth_odd, candidate.depth_odd_err),
        ("even", false, candidate.depth_even, candidate.depth_even_err),
    ]
    .into_iter()
    .enumerate()
    {
        let place = Rect::new(area.left + n as f64 * (cell + gap), area.top, cell, area.height);
        let panel = Panel::new(place, Axis::linear(-24.0 * half, 24.0 * half), Axis::linear(y.0, y.1));
        let mine: Vec<&(usize, f64)> = every.iter().filter(|(i, _)| is_odd(*i) == wants_odd).collect();
        let points: Vec<Point> = mine.iter().map(|(i, p)| (24.0 * p, view.flux[*i])).collect();
        let bins = binned(mine.iter().map(|(i, p)| (*p, view.flux[*i], errors[*i])), 0.0, width);
        zoom(scene, &panel, &points, &bins, 0.0);
        model_line(scene, &panel, view, half);
        for level in [depth - err, depth, depth + err].map(|d| 1.0 - d).into_iter().filter(|v| v.is_finite()) {
            panel.horizontal(scene, level, Stroke::dashed(colors::BLUE, 0.6, 2.5, 2.0));
        }
        let y_label = (n == 0).then_some("Relative flux");
        panel.draw_frame(scene, &Labels { x: Some("Time (h)"), y: y_label, y_distance: Some(44.0) });
        let words = if depth.is_finite() {
            format!("{name}: {:.0} ± {:.0} ppm", 1e6 * depth, 1e6 * err)
        } else {
            format!("{name}: not measured")
        };
        scene.words((place.left + 0.5 * place.width, place.bottom() - 5.0), words, 6.8, Anchor::Middle);
    }
}

fn model_line(scene: &mut Scene, panel: &Panel, view: &View, half: f64) {
    let days: Vec<f64> = (0..=240).map(|i| (f64::from(i) / 120.0 - 1.0) * half).collect();
    let model = view.model_at(&days);
    panel.line(scene, days.iter().map(|d| 24.0 * d).zip(model), MODEL);
}

/// Points in grey and their means in ink; the x of the means in days from `centre`.
fn zoom(scene: &mut Scene, panel: &Panel, points: &[Point], bins: &[Bin], centre: f64) {
    let (shown, _) = thinned(points, MOST);
    panel.dots(scene, shown, if points.len() > 800 { 0.6 } else { 0.9 }, colors::DATA);
    let many = points.len() > 2 * bins.len();
    let means: Vec<(f64, f64, f64)> =
        bins.iter().filter(|b| b.count > 1).map(|b| (24.0 * (b.x - centre), b.y, b.error)).collect();
    if many {
        panel.points_with_errors(scene, &means, 1.8, colors::INK);
    }
}
