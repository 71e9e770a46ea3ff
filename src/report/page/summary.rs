//! One sheet of paper (A4) with everything that decides about a candidate.

use super::index::IndexRow;
use super::tables::{self, Line};
use super::view::View;
use super::{events, folds, light_curve, periodogram, shift};
use crate::report::draw::{Anchor, Rect, Scene, Stroke, Text, Turn, scene::colors};
use crate::report::notes::wrapped;

const WIDTH: f64 = 595.0;
const HEIGHT: f64 = 842.0;
const LEFT: f64 = 24.0;

pub(super) fn sheet(view: &View, row: &IndexRow) -> Scene {
    let mut scene = Scene::new(WIDTH, HEIGHT, format!("{} candidate {}", row.target_id, row.candidate));
    let right = WIDTH - LEFT;
    scene.words((LEFT, 34.0), format!("{}  –  candidate {}", row.target_id, row.candidate), 15.0, Anchor::Start);
    scene.words((right, 34.0), row.disposition.clone(), 12.0, Anchor::End);
    let facts = format!(
        "P = {} d     depth {:.0} ppm     duration {} h     S/N {}     {} transits",
        tables::with_error(view.data.candidate.ephemeris.period, view.data.candidate.period_err),
        row.depth_ppm,
        tables::decimals(row.duration_h, 2),
        tables::decimals(row.snr, 1),
        row.n_transits
    );
    scene.words((LEFT, 50.0), facts, 9.0, Anchor::Start);
    for (i, line) in wrapped(&row.judgement, (right - LEFT) / 7.5).into_iter().take(2).enumerate() {
        note(&mut scene, (LEFT, 62.0 + 10.0 * i as f64), line, 7.5);
    }
    scene.segments(vec![((LEFT, 77.0), (right, 77.0))], Stroke::solid(colors::GRID, 0.8));

    light_curve::draw(&mut scene, Rect::new(74.0, 86.0, right - 74.0, 168.0), view);
    let column = |n: usize| if n == 0 { 74.0 } else { 354.0 };
    let width = 215.0;
    let titles = [["Periodogram", "All phases"], ["Primary", "Secondary"], ["Odd and even", "Model-Shift"]];
    for (r, pair) in titles.iter().enumerate() {
        let top = 302.0 + 126.0 * r as f64;
        for (c, title) in pair.iter().enumerate() {
            let area = Rect::new(column(c), top, width, 84.0);
            scene.words((area.left, top - 4.0), *title, 7.8, Anchor::Start);
            match (r, c) {
                (0, 0) => periodogram::draw(&mut scene, area, view),
                (0, _) => folds::full_phase(&mut scene, area, view),
                (1, 0) => folds::primary(&mut scene, area, view),
                (1, _) => folds::secondary(&mut scene, area, view),
                (_, 0) => folds::odd_even(&mut scene, area, view),
                _ => shift::draw(&mut scene, area, view),
            }
        }
    }
    let area = Rect::new(LEFT, 684.0, 190.0, 112.0);
    scene.words((area.left, area.top - 4.0), "Single transits", 7.8, Anchor::Start);
    events::draw(&mut scene, area, view);
    let mut fitted = tables::fit(view);
    let wanted =
        ["rp_rs", "impact_parameter", "rho_star", "a_rs", "radius_rearth", "equilibrium_temperature_k", "jitter"];
    fitted.retain(|l| wanted.contains(&l.name.as_str()));
    let mut lines = tables::candidate(view);
    lines
        .retain(|l| ["Transit time", "S/N against", "SDE", "False", "Period is"].iter().any(|w| l.name.starts_with(w)));
    lines.extend(fitted);
    column_of(&mut scene, (300.0, 686.0), &lines, 132.0);
    let mut rest = tables::star(view);
    rest.truncate(5);
    rest.push(Line { name: "Model-Shift:".into(), value: String::new(), unit: String::new() });
    rest.extend(
        tables::shift(view).into_iter().filter(|l| !["Tertiary", "Share of brightening"].contains(&l.name.as_str())),
    );
    column_of(&mut scene, (446.0, 686.0), &rest, right - 446.0);
    let p = view.data.provenance;
    note(&mut scene, (LEFT, HEIGHT - 8.0), format!("antumbra {}, run {}, seed {}", p.version, p.run_id, p.seed), 6.3);
    scene
}

fn note(scene: &mut Scene, at: (f64, f64), words: String, size: f64) {
    scene.write(Text { at, words, size, anchor: Anchor::Start, turn: Turn::Level, color: colors::NOTE });
}

/// Names and values below each other, as far as the sheet goes.
fn column_of(scene: &mut Scene, at: (f64, f64), lines: &[Line], width: f64) {
    const SIZE: f64 = 5.7;
    for (i, line) in lines.iter().enumerate() {
        let y = at.1 + 9.4 * i as f64;
        if y > HEIGHT - 24.0 {
            return;
        }

        let words = line.name.replace('_', " ");
        let width_left = width - SIZE * crate::report::draw::text::width(&words) - 6.0;
        let value = if line.unit.is_empty() { line.value.clone() } else { format!("{} {}", line.value, line.unit) };
        note(scene, (at.0, y), words, SIZE);
        // a value that has no room beside its name is written smaller
        let size = SIZE.min(width_left / crate::report::draw::text::width(&value).max(1e-3)).max(3.5);
        scene.words((at.0 + width, y), value, size, Anchor::End);
    }
}
