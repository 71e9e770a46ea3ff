//! Velocities of all instruments folded on one planet: points, model with its band, residuals.

use super::{PAGE_WIDTH, View, add_notes, band, count, stacked};
use crate::report::draw::scene::{Color, Point};
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors, text};
use crate::report::thin::{binned, joined, range, with_margin};

const PLACES: usize = 201;
/// Points from which on bins are shown too, and how many.
const BINNED_FROM: usize = 60;
const BINS: f64 = 14.0;

/// The figure of one planet; none where no velocity tells of it.
pub(super) fn figure(view: &View, planet: usize) -> Option<Scene> {
    let centre = &view.planets[planet];
    if !centre.moves_the_star || view.velocities.is_empty() {
        return None;
    }
    let mut series: Vec<Vec<(f64, f64, f64, f64)>> = Vec::new();
    for observed in &view.velocities {
        let of = |k: usize| {
            let rest = observed.residual(k);
            let phase = centre.phase(observed.series.time()[k]) / centre.period;
            (phase, observed.predicted.planets[planet][k] + rest, observed.error(k), rest)
        };
        series.push((0..observed.len()).map(of).collect());
    }
    let all = || series.iter().flatten();
    let times: Vec<f64> = view.velocities.iter().flat_map(|o| o.series.time().iter().copied()).collect();
    let around = crate::math::median(&times);
    let phases: Vec<f64> = (0..PLACES).map(|i| i as f64 / (PLACES - 1) as f64 - 0.5).collect();
    let days: Vec<f64> = phases.iter().map(|p| p * centre.period).collect();
    let lines: Vec<Vec<f64>> =
        view.rows.iter().filter_map(|v| view.posterior.folded_velocity(planet, v, (centre, around), &days)).collect();
    let model = band(&lines);
    let mut scene = Scene::new(400.0, 330.0, format!("Radial velocities folded on planet {}", centre.name));
    let (upper, lower) = stacked(Rect::new(50.0, 24.0, 338.0, 272.0), 0.3);
    let y = joined(
        joined(range(model[1].iter().copied(), 0.0), range(model[2].iter().copied(), 0.0)),
        range(all().flat_map(|p| [p.1 - p.2, p.1 + p.2]), 0.0),
    )?;
    let (low, high) = with_margin(y, 0.06);
    let reach = range(all().map(|p| p.3.abs() + p.2), 0.0)?.1;
    let x = Axis::linear(-0.52, 0.52);
    let top = Panel::new(upper, x, Axis::linear(low, high));
    let bottom = Panel::new(lower, x, Axis::linear(-1.1 * reach, 1.1 * reach));
    let fine = Stroke::solid(colors::INK, 1.1);
    top.band(&mut scene, &phases, &model[1], &model[2], colors::INK.tint(0.22));
    top.line(&mut scene, phases.iter().copied().zip(model[0].iter().copied()), fine);
    bottom.horizontal(&mut scene, 0.0, fine);
    let n = times.len();
    let has_bins = n >= BINNED_FROM;
    for (i, points) in series.iter().enumerate() {
        let color = colors::SERIES[i % colors::SERIES.len()];
        let color = if has_bins { color.tint(0.55) } else { color };
        let of =
            |value: fn(&(f64, f64, f64, f64)) -> f64| points.iter().map(|p| (p.0, value(p), p.2)).collect::<Vec<_>>();
        top.points_with_errors(&mut scene, &of(|p| p.1), 2.4, color);
        bottom.points_with_errors(&mut scene, &of(|p| p.3), 2.4, color);
    }
    if has_bins {
        for (panel, value) in [(&top, 1), (&bottom, 3)] {
            let pick = |p: &(f64, f64, f64, f64)| (p.0, if value == 1 { p.1 } else { p.3 }, p.2);
            let bins: Vec<(f64, f64, f64)> =
                binned(all().map(pick), 0.0, 1.0 / BINS).iter().map(|b| (b.x, b.y, b.error)).collect();
            panel.points_with_errors(&mut scene, &bins, 2.8, colors::INK);
        }
    }
    let distance = Some(36.0);
    top.draw_frame(&mut scene, &Labels { x: None, y: Some("Radial velocity (m s^{−1})"), y_distance: distance });
    let x_label = "Orbital phase from inferior conjunction";
    bottom.draw_frame(&mut scene, &Labels { x: Some(x_label), y: Some("O − C (m s^{−1})"), y_distance: distance });
    let names: Vec<&str> = view.velocities.iter().map(|o| o.name).collect();
    legend(&mut scene, (upper.left, upper.top - 7.0), &names);
    let mut notes = vec![format!(
        "{} velocities less offsets, trends, the other planets and noise models; bars include the fitted jitter. Line and band: \
         median and 68 % of the model.",
        count(n)
    )];
    if has_bins {
        notes.push(format!("Black: weighted means of 1/{BINS} of the orbit."));
    }
    add_notes(&mut scene, &notes);
    Some(scene)
}

/// Names beside dots of their colours, in one line as far as the page goes.
pub(super) fn legend(scene: &mut Scene, at: Point, names: &[&str]) {
    let entries: Vec<(Color, &str)> =
        names.iter().enumerate().map(|(i, n)| (colors::SERIES[i % colors::SERIES.len()], *n)).collect();
    let mut x = at.0;
    for (color, name) in entries {
        let width = 8.0 * text::width(name) + 24.0;
        if x + width > scene.width.min(PAGE_WIDTH) {
            return;
        }
        scene.dots(vec![(x + 3.0, at.1 - 2.6)], 2.6, color);
        scene.words((x + 9.0, at.1), name, 8.0, Anchor::Start);
        x += width;
    }
}
