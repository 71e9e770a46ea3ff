//! The fold as small as a word, for the table of all candidates.

use std::fmt::Write;

use super::view::View;
use crate::report::thin::{joined, range, with_margin};

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 28.0;
const PLACES: f64 = 36.0;

/// A drawing of under 1 kB: means about the transit, and the model.
pub(super) fn svg(view: &View) -> String {
    let half = (1.5 * view.duration).min(0.5 * view.ephemeris.period);
    let bins = view.bins(0.0, half, 2.0 * half / PLACES);
    let days: Vec<f64> = (0..=24).map(|i| (f64::from(i) / 12.0 - 1.0) * half).collect();
    let model = view.model_at(&days);
    let Some(y) = joined(range(bins.iter().map(|b| b.y), 0.0), range(model.iter().copied(), 0.0)) else {
        return String::new();
    };
    let (low, high) = with_margin(y, 0.08);
    let place = |x: f64, y: f64| (WIDTH * (x + half) / (2.0 * half), HEIGHT * (high - y) / (high - low));
    let mut out = format!("<svg class=\"thumb\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\"><path d=\"");
    for (i, (d, f)) in days.iter().zip(&model).enumerate() {
        let (x, y) = place(*d, *f);
        let _ = write!(out, "{}{x:.0} {y:.1}", if i == 0 { "M" } else { "L" });
    }
    out.push_str("\" class=\"m\"/><path d=\"");
    for bin in &bins {
        let (x, y) = place(bin.x, bin.y);
        let _ = write!(out, "M{x:.0} {y:.1}h0");
    }
    out.push_str("\" class=\"d\"/></svg>");
    out
}
