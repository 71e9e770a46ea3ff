//! Light curves folded on one planet, an instrument a cell: points, bins, model with its band, residuals.

use super::{MOST_POINTS, Observed, PAGE_WIDTH, View, add_notes, band, count, stacked, three_digits};
use crate::math::mad_sigma;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors};
use crate::report::labels::flux_unit;
use crate::report::thin::{Bin, binned, joined, range, round_duration, thinned, with_margin};

/// Half the width of the window in durations.
const WINDOW: f64 = 1.5;
/// Places on the curve of the model.
const PLACES: usize = 241;
const BINS: f64 = 40.0;

/// What is drawn in one cell; phases in hours.
struct Cell {
    title: String,
    /// Phase, flux of this planet alone plus what is left, error, what is left.
    points: Vec<(f64, f64, f64, f64)>,
    phases: Vec<f64>,
    model: [Vec<f64>; 3],
    bin_hours: f64,
    bin_name: String,
}

/// The figure of one planet; none where it does not transit in any data.
pub(super) fn figure(view: &View, planet: usize) -> Option<Scene> {
    let centre = &view.planets[planet];
    let half = (WINDOW * centre.duration?).min(0.5 * centre.period);
    let cells: Vec<Cell> = view.photometry.iter().filter_map(|o| cell(view, planet, o, half, BINS)).collect();
    draw(cells, half, format!("Transits of planet {}", centre.name), "Time from mid-transit (h)")
}

/// The whole orbit of a planet with a phase curve.
pub(super) fn phase_curve(view: &View, planet: usize) -> Option<Scene> {
    let centre = &view.planets[planet];
    if !centre.has_phase_curve {
        return None;
    }
    let half = 0.5 * centre.period;
    let cells: Vec<Cell> = view.photometry.iter().filter_map(|o| cell(view, planet, o, half, 80.0)).collect();
    draw(cells, half, format!("Orbit of planet {}", centre.name), "Time from mid-transit (h)")
}

fn cell(view: &View, planet: usize, observed: &Observed, half: f64, bins: f64) -> Option<Cell> {
    let centre = &view.planets[planet];
    let time = observed.series.time();
    let near: Vec<usize> = (0..observed.len()).filter(|k| centre.phase(time[*k]).abs() <= half).collect();
    if near.is_empty() {
        return None;
    }
    let around = time[near[near.len() / 2]];
    let own = &observed.predicted.planets[planet];
    let points = near
        .iter()
        .map(|k| {
            let level = observed.predicted.level[*k];
            let rest = observed.residual(*k) / level;
            (24.0 * centre.phase(time[*k]), own[*k] + rest, observed.error(*k) / level, rest)
        })
        .collect();
    let step = 2.0 * half / (PLACES - 1) as f64;
    let phases: Vec<f64> = (0..PLACES).map(|i| i as f64 * step - half).collect();
    let lines: Vec<Vec<f64>> = view
        .rows
        .iter()
        .filter_map(|v| view.posterior.folded_flux(planet, observed.index, v, (centre, around), &phases))
        .collect();
    let (bin_days, bin_name) = round_duration(2.0 * half / bins);
    Some(Cell {
        title: observed.name.to_string(),
        points,
        phases: phases.iter().map(|p| 24.0 * p).collect(),
        model: band(&lines),
        bin_hours: 24.0 * bin_days,
        bin_name,
    })
}

fn draw(cells: Vec<Cell>, half: f64, title: String, x_label: &str) -> Option<Scene> {
    const LEFT: f64 = 50.0;
    const RIGHT: f64 = 10.0;
    const TOP: f64 = 22.0;
    const BOTTOM: f64 = 28.0;
    if cells.is_empty() {
        return None;
    }
    let columns = cells.len().min(if cells.len() == 4 { 2 } else { 3 });
    let rows = cells.len().div_ceil(columns);
    let width = if columns == 1 { 380.0 } else { PAGE_WIDTH + 120.0 * (columns as f64 - 2.0) };
    let cell_width = (width - 4.0) / columns as f64;
    let cell_height = if columns == 1 { 310.0 } else { 250.0 };
    let mut scene = Scene::new(width, 4.0 + rows as f64 * cell_height, title);
    let mut notes = vec![
        "Grey: data less the other planets, baseline and noise model. Line and band: median and 68 % of the model."
            .into(),
    ];
    for (i, cell) in cells.iter().enumerate() {
        let (column, row) = ((i % columns) as f64, (i / columns) as f64);
        let area = Rect::new(
            column * cell_width + LEFT,
            row * cell_height + TOP,
            cell_width - LEFT - RIGHT,
            cell_height - TOP - BOTTOM,
        );
        notes.push(draw_cell(&mut scene, cell, area, 24.0 * half, x_label));
    }
    add_notes(&mut scene, &notes);
    Some(scene)
}

/// Draws a cell and says what is in it.
fn draw_cell(scene: &mut Scene, cell: &Cell, area: Rect, half: f64, x_label: &str) -> String {
    let n = cell.points.len();
    let bins = |of: fn(&(f64, f64, f64, f64)) -> f64| -> Vec<Bin> {
        binned(cell.points.iter().map(|p| (p.0, of(p), p.2)), 0.0, cell.bin_hours)
    };
    let (flux_bins, rest_bins) = (bins(|p| p.1), bins(|p| p.3));
    let has_bins = n > 3 * flux_bins.len();
    let (shown, every) = thinned(&cell.points, MOST_POINTS);
    let (upper, lower) = stacked(area, 0.27);
    // the data decide the range unless they are many and their scatter hides the model
    let model = joined(range(cell.model[1].iter().copied(), 0.0), range(cell.model[2].iter().copied(), 0.0));
    let deviation = mad_sigma(&cell.points.iter().map(|p| p.3).collect::<Vec<f64>>());
    let tail = if n > 300 { 0.005 } else { 0.0 };
    let mut y = joined(model, range(cell.points.iter().map(|p| p.1), tail)).unwrap_or((0.0, 2.0));
    let mut reach = range(cell.points.iter().map(|p| p.3.abs()), tail).map_or(1.0, |r| r.1).max(1e-12);
    let mut is_cut = tail > 0.0;
    if let (true, Some((low, high))) = (has_bins, model) {
        let bin_range = range(flux_bins.iter().filter(|b| b.count > 2).map(|b| b.y), 0.0);
        let core = joined(Some((low, high)), bin_range).unwrap_or((low, high));
        let room = (1.2 * (core.1 - core.0)).min(4.0 * deviation);
        let (floor, ceiling) = (core.0 - room, core.1 + room);
        is_cut |= y.0 < floor || y.1 > ceiling;
        y = (y.0.max(floor), y.1.min(ceiling));
        reach = reach.min((y.1 - y.0).max(4.0 * typical(&rest_bins)));
    }
    let (low, high) = with_margin(y, 0.06);
    let x = Axis::linear(-half, half);
    let top = Panel::new(upper, x, Axis::linear(low, high));
    let (factor, unit) = flux_unit(reach);
    let bottom = Panel::new(lower, x, Axis::linear(-1.1 * factor * reach, 1.1 * factor * reach));
    let (radius, fine) = (if n > 2000 { 0.7 } else { 1.1 }, Stroke::solid(colors::VERMILLION, 1.2));
    top.dots(scene, shown.iter().map(|p| (p.0, p.1)), radius, colors::DATA);
    top.band(scene, &cell.phases, &cell.model[1], &cell.model[2], colors::VERMILLION.tint(0.35));
    top.line(scene, cell.phases.iter().copied().zip(cell.model[0].iter().copied()), fine);
    bottom.dots(scene, shown.iter().map(|p| (p.0, factor * p.3)), radius, colors::DATA);
    bottom.horizontal(scene, 0.0, fine);
    if has_bins {
        for (panel, bins, factor) in [(&top, &flux_bins, 1.0), (&bottom, &rest_bins, factor)] {
            let points: Vec<(f64, f64, f64)> =
                bins.iter().filter(|b| b.count > 2).map(|b| (b.x, factor * b.y, factor * b.error)).collect();
            panel.points_with_errors(scene, &points, 2.1, colors::INK);
        }
    }
    let distance = Some(40.0);
    top.draw_frame(scene, &Labels { x: None, y: Some("Relative flux"), y_distance: distance });
    let label = format!("O − C ({unit})");
    bottom.draw_frame(scene, &Labels { x: Some(x_label), y: Some(&label), y_distance: distance });
    scene.words((upper.left, upper.top - 5.0), cell.title.clone(), 9.0, Anchor::Start);
    let (rms_factor, rms_unit) = flux_unit(deviation);
    let rms = format!("σ = {} {rms_unit}", three_digits(rms_factor * deviation));
    scene.words((upper.right(), upper.top - 5.0), rms, 7.5, Anchor::End);
    let mut note = format!("{}: {} points", cell.title, count(n));
    if every > 1 {
        note += &format!(", 1 of {every} shown");
    }
    if has_bins {
        note += &format!(", black: means of {} with errors", cell.bin_name);
    }
    if is_cut {
        note += ", points beyond the frame not shown";
    }
    note + "."
}

fn typical(bins: &[Bin]) -> f64 {
    mad_sigma(&bins.iter().map(|b| b.y).collect::<Vec<f64>>()).max(bins.first().map_or(0.0, |b| b.error))
}
