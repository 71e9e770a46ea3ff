//! Draws of every parameter in their order.

use super::{add_notes, count};
use crate::fit::joint::{JointFit, JointStatus};
use crate::report::Figure;
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors};
use crate::report::labels::{symbol, unit};
use crate::report::thin::{range, thinned, with_margin};

/// Panels of a page.
const COLUMNS: usize = 2;
const ROWS: usize = 9;
/// Draws shown in one panel at most.
const MOST: usize = 1_000;

/// One page for each 18 parameters.
pub(super) fn figures(fit: &JointFit) -> Vec<Figure> {
    let indices: Vec<usize> = (0..fit.fitted.len()).collect();
    let pages = indices.chunks(COLUMNS * ROWS);
    let name = |n: usize| if n == 0 { "traces".to_string() } else { format!("traces_{}", n + 1) };
    pages.enumerate().map(|(n, page)| Figure { name: name(n), scene: figure(fit, page) }).collect()
}

/// A place for each of `n` draws that have no order: multiplication by an odd number, then its order.
fn shuffled(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|i| {
        let mut z = (*i as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
    });
    order
}

fn figure(fit: &JointFit, page: &[usize]) -> Scene {
    const WIDTH: f64 = 560.0;
    const LEFT: f64 = 46.0;
    const TOP: f64 = 14.0;
    const PITCH: f64 = 66.0;
    const HEIGHT: f64 = 46.0;
    let rows = page.len().div_ceil(COLUMNS);
    let is_chain = matches!(fit.diagnostics.method, "ensemble" | "nuts");
    let mut scene =
        Scene::new(WIDTH, TOP + rows as f64 * PITCH + 24.0, "Draws of the fitted parameters in their order");
    let n = fit.draws.draw.len();
    let places: Vec<f64> = if is_chain {
        fit.draws.draw.iter().map(|d| f64::from(*d)).collect()
    } else {
        let mut at = vec![0.0; n];
        shuffled(n).into_iter().enumerate().for_each(|(i, k)| at[k] = i as f64);
        at
    };
    let last = places.iter().copied().fold(1.0, f64::max);
    let width = WIDTH / COLUMNS as f64;
    let mut every = 1;
    for (i, index) in page.iter().enumerate() {
        let (column, row) = (i / rows, i % rows);
        let s = &fit.fitted[*index];
        let values = &fit.draws.columns[*index];
        let (low, high) = with_margin(range(values.iter().copied(), 0.0).unwrap_or((0.0, 1.0)), 0.05);
        let y = Axis::shifted(low, high);
        let frame = Rect::new(column as f64 * width + LEFT, TOP + row as f64 * PITCH, width - LEFT - 10.0, HEIGHT);
        let panel = Panel::new(frame, Axis::linear(0.0, last), y);
        let points: Vec<(f64, f64)> = places.iter().copied().zip(values.iter().copied()).collect();
        let (shown, step) = thinned(&points, MOST);
        every = step;
        panel.dots(&mut scene, shown, 0.6, colors::BLUE);
        for at in [s.median, s.lower_68, s.upper_68] {
            panel.horizontal(&mut scene, at, Stroke::dashed(colors::INK, 0.7, 3.0, 2.0));
        }
        let name = y.shift.label(&symbol(&s.name), &unit(s.unit));
        let is_last = row + 1 == rows || i + 1 == page.len();
        let x_label = if is_chain { "Step" } else { "Draw" };
        panel.draw_frame(&mut scene, &Labels { x: is_last.then_some(x_label), y: Some(""), y_distance: None });
        scene.words((frame.left, frame.top - 3.5), name, 7.5, Anchor::Start);
        let mut words = format!("ESS {:.0}", s.ess_bulk.min(s.ess_tail));
        if s.r_hat.is_finite() {
            words += &format!(", R-hat {:.3}", s.r_hat);
        }
        scene.words((frame.right(), frame.top - 3.5), words, 7.0, Anchor::End);
    }
    let mut notes = Vec::new();
    if is_chain {
        let chains = fit.draws.chain.iter().max().map_or(0, |c| c + 1);
        notes.push(format!("{} draws of {chains} chains against the step of their chain, burn-in left out.", count(n)));
    } else {
        notes.push(format!(
            "{} draws by {} sampling: independent but weighted, brought to equal weight, in random order as they have none.",
            count(n),
            fit.diagnostics.method
        ));
    }
    if let Some(k) = fit.diagnostics.pareto_k {
        notes.push(format!("Pareto k-hat of the weights: {k:.2} (below 0.7 is reliable)."));
    }
    if every > 1 {
        notes.push(format!("1 of {every} draws is shown."));
    }
    notes.push("Dashed: median and central 68 %. ESS: the smaller of bulk and tail.".into());
    if let JointStatus::NotConverged { reason } = &fit.status {
        notes.push(format!("NOT CONVERGED: {reason}."));
    }
    add_notes(&mut scene, &notes);
    scene
}
