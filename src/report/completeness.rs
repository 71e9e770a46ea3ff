//! Figures of completeness and reliability: a map of cells, and shares along S/N.

use super::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, Text, Turn, scene::Color, scene::colors};
use super::notes::add_notes;
use crate::inject::Proportion;
use crate::inject::completeness::{Grid, Quantity, Tally};

const WIDTH: f64 = 504.0;
/// Colour of a share of one; smaller ones are lighter.
const FULL: Color = colors::BLUE;
/// Cells in which nothing was injected.
const EMPTY: Color = Color::rgb(236, 237, 239);
/// Steps of the scale of colours.
const STEPS: usize = 50;
/// Share from which on words are white.
const DARK: f64 = 0.7;

/// What a cell shows.
type Share = fn(&Tally) -> Proportion;

/// Completeness in cells of period and size: found by the search, and after vetting. None without cells.
pub fn map(grid: &Grid) -> Option<Scene> {
    const TOP: f64 = 24.0;
    const LEFT: f64 = 46.0;
    const GAP: f64 = 52.0;
    const SCALE: f64 = 44.0;
    const HEIGHT: f64 = 190.0;
    let (x, y) = (axis(&grid.x_edges)?, axis(&grid.y_edges)?);
    let mut scene = Scene::new(WIDTH, TOP + HEIGHT + 30.0, "Completeness");
    let width = 0.5 * (WIDTH - LEFT - GAP - SCALE - 6.0);
    let panels: [(&str, Share); 2] =
        [("Found by the search", Tally::found), ("Found, and passed vetting", Tally::kept)];
    for (i, (title, share)) in panels.into_iter().enumerate() {
        let frame = Rect::new(LEFT + i as f64 * (width + GAP), TOP, width, HEIGHT);
        let panel = Panel::new(frame, x, y);
        draw_cells(&mut scene, &panel, grid, share);
        panel
            .draw_frame(&mut scene, &Labels { x: Some(label(grid.x)), y: Some(label(grid.y)), y_distance: Some(32.0) });
        scene.words((frame.left, frame.top - 7.0), title, 9.0, Anchor::Start);
    }
    draw_scale(&mut scene, Rect::new(WIDTH - 36.0, TOP, 10.0, HEIGHT));
    let total: usize = grid.cells.iter().map(|c| c.injected).sum();
    let note = format!(
        "{total} planets injected, one at a time. Numbers: per cent of those in a cell that were recovered, at the injected \
         period or a simple multiple of it and at the right times; small where the 68 % interval (Wilson) is wider than \
         20 %. Grey: none injected."
    );
    add_notes(&mut scene, &[note]);
    Some(scene)
}

fn draw_cells(scene: &mut Scene, panel: &Panel, grid: &Grid, share: Share) {
    for (x, y, tally) in grid.iter() {
        let (left, bottom) = panel.at(x[0], y[0]);
        let (right, top) = panel.at(x[1], y[1]);
        let cell = Rect::new(left, top, right - left, bottom - top);
        if tally.injected == 0 {
            scene.rectangle(cell, EMPTY);
            continue;
        }
        let value = share(&tally).share();
        scene.rectangle(cell, shade(value));
        let (low, high) = share(&tally).interval(1.0);
        let size = if high - low > 0.2 { 5.0 } else { 7.0 };
        scene.write(Text {
            at: (0.5 * (left + right), 0.5 * (top + bottom) + 0.36 * size),
            words: format!("{:.0}", 100.0 * value),
            size,
            anchor: Anchor::Middle,
            turn: Turn::Level,
            color: if value > DARK { colors::WHITE } else { colors::INK },
        });
    }
}

fn draw_scale(scene: &mut Scene, frame: Rect) {
    let step = frame.height / STEPS as f64;
    for i in 0..STEPS {
        let value = (i as f64 + 0.5) / STEPS as f64;
        // a little overlap, so that no seam shows
        let top = frame.bottom() - (i + 1) as f64 * step;
        scene.rectangle(Rect::new(frame.left, top, frame.width, (step + 0.3).min(frame.bottom() - top)), shade(value));
    }
    scene.outline(frame, Stroke::solid(colors::INK, 0.6));
    for percent in [0, 25, 50, 75, 100] {
        let at = frame.bottom() - f64::from(percent) / 100.0 * frame.height;
        scene.words((frame.right() + 3.0, at + 2.7), percent.to_string(), 7.5, Anchor::Start);
    }
    scene.words((frame.left - 2.0, frame.top - 7.0), "%", 8.5, Anchor::Start);
}

fn shade(value: f64) -> Color {
    FULL.tint(0.03 + 0.97 * value.clamp(0.0, 1.0))
}

fn axis(edges: &[f64]) -> Option<Axis> {
    let (first, last) = (*edges.first()?, *edges.last()?);
    (last > first * (1.0 + 1e-6)).then(|| Axis::logarithmic(first, last))
}

fn label(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Period => "Period (d)",
        Quantity::RpRs => "R_{p} / R_{*}",
        Quantity::RadiusRearth => "Radius (R_{⊕})",
        Quantity::Snr => "Expected S/N",
    }
}

/// A share in a range of S/N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub snr: [f64; 2],
    pub value: f64,
    pub interval_68: [f64; 2],
}

/// Shares along S/N.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub name: &'static str,
    pub points: Vec<Point>,
}

/// Shares along S/N, a bar across each bin and its interval upright; none where no curve has a point.
pub fn curves(title: &str, labels: (&str, &str), curves: &[Curve], notes: &[String]) -> Option<Scene> {
    const TOP: f64 = 30.0;
    let all = || curves.iter().flat_map(|c| &c.points).filter(|p| p.value.is_finite());
    let low = all().map(|p| p.snr[0]).fold(f64::INFINITY, f64::min);
    let high = all().map(|p| p.snr[1]).fold(0.0, f64::max);
    if !(low > 0.0 && high > low) {
        return None;
    }
    let mut scene = Scene::new(380.0, 270.0, title);
    let panel = Panel::new(Rect::new(42.0, TOP, 326.0, 205.0), Axis::logarithmic(low, high), Axis::linear(0.0, 1.05));
    panel.horizontal(&mut scene, 1.0, Stroke::dashed(colors::GRID, 0.8, 3.0, 2.0));
    let mut at = panel.frame.left;
    for (n, (curve, color)) in curves.iter().zip(colors::SERIES).enumerate() {
        // beside each other, so that intervals do not hide each other
        let place = (n + 1) as f64 / (curves.len() + 1) as f64;
        let (mut marks, mut bars) = (Vec::new(), Vec::new());
        for p in curve.points.iter().filter(|p| p.value.is_finite()) {
            let ([from, to], [low, high]) = (p.snr, p.interval_68);
            marks.push((panel.at(from, p.value), panel.at(to, p.value)));
            let x = from * (to / from).powf(place);
            bars.push((panel.at(x, low), panel.at(x, high)));
        }
        scene.segments(marks, Stroke::solid(color, 1.6));
        scene.segments(bars, Stroke::solid(color, 0.9));
        scene.write(Text {
            at: (at, TOP - 7.0),
            words: curve.name.into(),
            size: 8.5,
            anchor: Anchor::Start,
            turn: Turn::Level,
            color,
        });
        at += 8.5 * super::draw::text::width(curve.name) + 14.0;
    }
    panel.draw_frame(&mut scene, &Labels { x: Some(labels.0), y: Some(labels.1), y_distance: None });
    add_notes(&mut scene, notes);
    Some(scene)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::completeness::Injection;
    use crate::report::draw::scene::Shape;

    fn words(scene: &Scene) -> Vec<&str> {
        scene.shapes.iter().filter_map(|s| if let Shape::Text(t) = s { Some(t.words.as_str()) } else { None }).collect()
    }

    #[test]
    fn cells_say_their_share() {
        let injection = |period: f64, size: f64, found: bool| Injection {
            period,
            rp_rs: size,
            radius_rearth: f64::NAN,
            snr_expected: 9.0,
            is_searchable: true,
            is_recovered: found,
            is_passed: false,
        };
        let some: Vec<Injection> = (0..4).map(|i| injection(1.5, 0.015, i < 3)).collect();
        let edges = vec![1.0, 2.0, 4.0];
        let grid = Grid::new(&some, (Quantity::Period, edges), (Quantity::RpRs, vec![0.01, 0.02, 0.04]));
        let scene = map(&grid).unwrap();
        let words = words(&scene);
        assert_eq!(words.iter().filter(|w| **w == "75").count(), 2, "one cell, and a number of the scale");
        assert!(words.contains(&"Period (d)") && words.contains(&"R_{p} / R_{*}"));
        let empty = Grid::new(&[], (Quantity::Period, Vec::new()), (Quantity::RpRs, Vec::new()));
        assert!(map(&empty).is_none());
    }

    #[test]
    fn curves_without_a_point_are_no_figure() {
        let point = Point { snr: [5.0, 7.0], value: f64::NAN, interval_68: [f64::NAN; 2] };
        let none = Curve { name: "x", points: vec![point] };
        assert!(curves("t", ("x", "y"), std::slice::from_ref(&none), &[]).is_none());
        let one = Curve { name: "x", points: vec![Point { value: 0.5, interval_68: [0.4, 0.6], ..point }] };
        assert!(curves("t", ("x", "y"), &[none, one], &[]).is_some());
    }
}
