//! Corner plots: contours of 68 and 95 % of each pair of parameters, histograms on the diagonal.

use super::density::{histogram, smooth};
use super::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors, text};
use super::labels::{symbol, unit};
use super::notes::add_notes;
use super::thin::{range, with_margin};

/// Cells of the density in each direction, and bins of a histogram.
const CELLS: usize = 48;
const BINS: usize = 28;
/// Share of the draws left out at each end of an axis.
const TAIL: f64 = 0.001;

/// Draws of one parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    /// Full name, `planets.b.rp_rs` or `rp_rs`.
    pub name: &'a str,
    pub unit: &'a str,
    pub median: f64,
    pub lower_68: f64,
    pub upper_68: f64,
    pub values: &'a [f64],
}

/// The plot of some columns of draws.
pub(crate) fn corner(title: String, columns: &[Column]) -> Scene {
    const LEFT: f64 = 58.0;
    const TOP: f64 = 20.0;
    const BOTTOM: f64 = 40.0;
    const GAP: f64 = 5.0;
    let n = columns.len();
    let cell = (620.0 / n as f64).clamp(52.0, 120.0);
    let side = n as f64 * (cell + GAP);
    let mut scene = Scene::new(LEFT + side + 6.0, TOP + side + BOTTOM, title);
    let axes: Vec<Axis> = columns
        .iter()
        .map(|c| {
            let values = c.values;
            let (low, high) = range(values.iter().copied(), TAIL).unwrap_or((0.0, 1.0));
            // a margin, but not beyond the draws: a bound of the prior is seen as one
            let (wide_low, wide_high) = with_margin((low, high), 0.05);
            let (least, most) = range(values.iter().copied(), 0.0).unwrap_or((low, high));
            Axis::shifted(wide_low.max(least), wide_high.min(most))
        })
        .collect();
    let place = |row: usize, column: usize| {
        Rect::new(LEFT + column as f64 * (cell + GAP), TOP + row as f64 * (cell + GAP), cell, cell)
    };
    for row in 0..n {
        for column in 0..=row {
            let x = axes[column];
            let label = |i: usize| axes[i].shift.label(&symbol(columns[i].name), &unit(columns[i].unit));
            let x_label = (row + 1 == n).then(|| label(column));
            if row == column {
                diagonal(&mut scene, &columns[row], x, place(row, column), x_label.as_deref());
                continue;
            }
            let y = axes[row];
            let panel = Panel::new(place(row, column), x, y);
            let (a, b) = (columns[column].values, columns[row].values);
            let grid = smooth(a, b, (x.low, x.high), (y.low, y.high), CELLS);
            for (share, tint) in [(0.9545, 0.25), (0.6827, 0.6)] {
                let rings: Vec<Vec<(f64, f64)>> = grid.outlines(grid.level(share));
                let rings: Vec<Vec<_>> = rings.iter().map(|r| r.iter().map(|p| panel.at(p.0, p.1)).collect()).collect();
                scene.area(rings.clone(), colors::BLUE.tint(tint));
                for mut ring in rings {
                    ring.extend(ring.first().copied());
                    scene.polyline(ring, Stroke::solid(colors::BLUE, 0.6));
                }
            }
            let y_label = (column == 0).then(|| label(row));
            panel.draw_frame(
                &mut scene,
                &Labels { x: x_label.as_deref(), y: y_label.as_deref(), y_distance: Some(36.0) },
            );
        }
    }
    let draws = columns.first().map_or(0, |c| c.values.len());
    add_notes(
        &mut scene,
        &[
            format!("{draws} draws. Contours hold 68 and 95 % of the posterior; dashed: median and central 68 %."),
            "Offsets and powers of ten are in the labels.".into(),
        ],
    );
    scene
}

fn diagonal(scene: &mut Scene, s: &Column, x: Axis, place: Rect, x_label: Option<&str>) {
    let counts = histogram(s.values, (x.low, x.high), BINS);
    let most = counts.iter().copied().fold(1.0, f64::max);
    let panel = Panel::new(place, x, Axis::linear(0.0, 1.12 * most));
    let step = (x.high - x.low) / BINS as f64;
    let mut line = vec![(x.low, 0.0)];
    for (i, c) in counts.iter().enumerate() {
        line.push((x.low + i as f64 * step, *c));
        line.push((x.low + (i + 1) as f64 * step, *c));
    }
    line.push((x.high, 0.0));
    let ring = line.iter().map(|p| panel.at(p.0, p.1)).collect();
    scene.area(vec![ring], colors::BLUE.tint(0.25));
    panel.line(scene, line, Stroke::solid(colors::BLUE, 0.8));
    for at in [s.median, s.lower_68, s.upper_68] {
        panel.vertical(scene, at, Stroke::dashed(colors::INK, 0.7, 2.5, 2.0));
    }
    // no numbers upwards: they are counts
    let f = place;
    let frame = Panel { y: Axis::unmarked(0.0, 1.0), ..panel };
    frame.draw_frame(scene, &Labels { x: x_label, y: None, y_distance: None });
    let words = summary(s);
    let size = (f.width / text::width(&words)).min(7.5);
    let words = if size >= 5.0 { words } else { symbol(s.name) };
    scene.words((f.left + 0.5 * f.width, f.top - 4.0), words, size.clamp(6.5, 7.5), Anchor::Middle);
}

/// Symbol, median and errors to two digits of the smaller error.
fn summary(s: &Column) -> String {
    let (up, down) = (s.upper_68 - s.median, s.median - s.lower_68);
    let least = up.min(down);
    if !(least > 0.0 && s.median.is_finite()) {
        return symbol(s.name);
    }
    let digits = (1.0 - least.log10().floor()).clamp(0.0, 9.0) as usize;
    let [median, up, down] = [s.median, up, down].map(|v| format!("{v:.digits$}"));
    let errors = if up == down { format!(" ± {up}") } else { format!("^{{+{up}}}_{{−{down}}}") };
    format!("{} = {}{errors}", symbol(s.name), median.replace('-', "−"))
}
