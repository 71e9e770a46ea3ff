//! Whole series with model and noise model, cut at the gaps between visits, and residuals.

use std::ops::Range;

use super::velocity::legend;
use super::{MOST_POINTS, Observed, PAGE_WIDTH, View, add_notes, count, stacked};
use crate::math::{mad_sigma, median};
use crate::report::draw::{Anchor, Axis, Labels, Panel, Rect, Scene, Stroke, scene::colors};
use crate::report::labels::flux_unit;
use crate::report::thin::{binned, decimated, joined, range, round_duration, thinned, with_margin};

/// Visits shown in panels of their own at most.
const MOST_VISITS: usize = 32;
/// A gap of this many typical steps ends a visit.
const GAP_STEPS: f64 = 30.0;
/// Series that fill more of their time than this are not cut.
const FILLED: f64 = 0.6;
/// Points of a panel from which on bins are shown too.
const BINNED_FROM: usize = 1_500;
/// Orbits up to which a velocity curve can be told by eye.
const MOST_ORBITS: f64 = 40.0;

/// Runs of points without a long gap, the shortest gaps closed until there are few enough.
fn visits(time: &[f64]) -> Vec<Range<usize>> {
    let steps: Vec<f64> = time.windows(2).map(|t| t[1] - t[0]).collect();
    let (Some(first), Some(last)) = (time.first(), time.last()) else { return Vec::new() };
    let limit = (GAP_STEPS * median(&steps)).max(0.05);
    let filled: f64 = steps.iter().filter(|s| **s <= limit).sum();
    if steps.is_empty() || filled > FILLED * (last - first) {
        return std::iter::once(0..time.len()).collect();
    }
    let mut gaps: Vec<usize> = (0..steps.len()).filter(|i| steps[*i] > limit).collect();
    gaps.sort_by(|a, b| steps[*b].total_cmp(&steps[*a]));
    gaps.truncate(MOST_VISITS - 1);
    gaps.sort_unstable();
    let mut out = Vec::new();
    let mut start = 0;
    for gap in gaps {
        out.push(start..gap + 1);
        start = gap + 1;
    }
    out.push(start..time.len());
    out
}

/// Places of the panels of `n` visits, and the height of them all.
fn cells(n: usize) -> (Vec<Rect>, f64) {
    const LEFT: f64 = 54.0;
    const TOP: f64 = 24.0;
    const RIGHT: f64 = 10.0;
    let columns = n.min(4);
    let rows = n.div_ceil(columns.max(1));
    let height = if rows == 1 { 230.0 } else { 130.0 };
    let gap = 12.0;
    let width = (PAGE_WIDTH - LEFT - RIGHT - gap * (columns as f64 - 1.0)) / columns as f64;
    let cell = |i: usize| {
        let (column, row) = ((i % columns) as f64, (i / columns) as f64);
        Rect::new(LEFT + column * (width + gap), TOP + row * (height + 36.0), width, height)
    };
    ((0..n).map(cell).collect(), TOP + rows as f64 * (height + 36.0))
}

/// Values between points in straight lines, beyond them as at the ends.
fn interpolated(x: &[f64], y: &[f64], at: &[f64]) -> Vec<f64> {
    let mut next = 0;
    at.iter()
        .map(|t| {
            while next < x.len() && x[next] <= *t {
                next += 1;
            }
            if next == 0 || next == x.len() {
                return y.get(next.saturating_sub(1)).copied().unwrap_or(0.0);
            }
            let share = (t - x[next - 1]) / (x[next] - x[next - 1]);
            y[next - 1] + share * (y[next] - y[next - 1])
        })
        .collect()
}

/// A light curve with everything that was fitted to it.
pub(super) fn light_curve(view: &View, observed: &Observed) -> Option<Scene> {
    let time = observed.series.time();
    let visits = visits(time);
    let (places, height) = cells(visits.len());
    let p = &observed.predicted;
    let n = observed.len();
    let full: Vec<f64> = (0..n).map(|k| p.model[k] + p.noise[k]).collect();
    // what is there without planets
    let quiet: Vec<f64> = (0..n).map(|k| p.level[k] + p.noise[k]).collect();
    let has_noise = p.has_process || p.columns > 0;
    let rest: Vec<f64> = (0..n).map(|k| observed.residual(k)).collect();
    let tail = if n > 300 { 0.002 } else { 0.0 };
    let y = joined(range(full.iter().copied(), 0.0), range(observed.series.value().iter().copied(), tail))?;
    let (low, high) = with_margin(y, 0.06);
    let reach = range(rest.iter().map(|r| r.abs()), tail)?.1.max(1e-12);
    let (factor, unit) = flux_unit(mad_sigma(&rest).max(0.2 * reach));
    let mut scene = Scene::new(PAGE_WIDTH, height, format!("Light curve {} with its model", observed.name));
    let mut bin_name = None;
    let mut thinning = 1;
    let columns = visits.len().min(4);
    for (i, (visit, place)) in visits.iter().zip(&places).enumerate() {
        let (upper, lower) = stacked(*place, 0.3);
        let (start, end) = with_margin((time[visit.start], time[visit.end - 1]), 0.02);
        let x = Axis::shifted(start, end);
        let top = Panel::new(upper, x, Axis::linear(low, high));
        let bottom = Panel::new(lower, x, Axis::linear(-1.1 * factor * reach, 1.1 * factor * reach));
        let indices: Vec<usize> = visit.clone().collect();
        let (shown, every) = thinned(&indices, MOST_POINTS);
        thinning = thinning.max(every);
        let is_dense = indices.len() > BINNED_FROM;
        let radius = if is_dense { 0.6 } else { 1.0 };
        top.dots(&mut scene, shown.iter().map(|k| (time[*k], observed.series.value()[*k])), radius, colors::DATA);
        bottom.dots(&mut scene, shown.iter().map(|k| (time[*k], factor * rest[*k])), radius, colors::DATA);
        if is_dense {
            let (width, name) = round_duration((end - start) / 700.0);
            let means = |values: &[f64], factor: f64| -> Vec<(f64, f64)> {
                let points = indices.iter().map(|k| (time[*k], factor * values[*k], observed.error(*k)));
                binned(points, time[visit.start], width).iter().map(|b| (b.x, b.y)).collect()
            };
            top.dots(&mut scene, means(observed.series.value(), 1.0), 0.8, colors::INK);
            bottom.dots(&mut scene, means(&rest, factor), 0.8, colors::INK);
            bin_name = Some(name);
        }
        let pixels = upper.width as usize;
        // the planets between the points too; the rest in straight lines between what is known of it
        let (from, to) = (time[visit.start], time[visit.end - 1]);
        let at: Vec<f64> = (0..=8 * pixels).map(|k| from + (to - from) * k as f64 / (8 * pixels) as f64).collect();
        let own_time = &time[visit.clone()];
        let besides = interpolated(own_time, &quiet[visit.clone()], &at);
        let level = interpolated(own_time, &p.level[visit.clone()], &at);
        let dips = view.posterior.flux_at(observed.index, &view.medians, &at).unwrap_or_default();
        let with_planets = dips.iter().zip(&level).zip(&besides).map(|((f, l), b)| b + l * (f - 1.0));
        let with_planets: Vec<(f64, f64)> = at.iter().copied().zip(with_planets).collect();
        let besides: Vec<(f64, f64)> = at.iter().copied().zip(besides).collect();
        if has_noise {
            if p.has_process {
                let (few, _) = thinned(&indices, 4 * pixels);
                let of = |sign: f64| few.iter().map(|k| quiet[*k] + sign * p.sigma[*k]).collect::<Vec<f64>>();
                let at: Vec<f64> = few.iter().map(|k| time[*k]).collect();
                top.band(&mut scene, &at, &of(-1.0), &of(1.0), colors::BLUE.with_opacity(0.3));
            }
            top.line(&mut scene, decimated(&besides, pixels), Stroke::solid(colors::BLUE, 1.0));
        }
        top.line(&mut scene, decimated(&with_planets, pixels), Stroke::solid(colors::VERMILLION, 0.9));
        bottom.horizontal(&mut scene, 0.0, Stroke::solid(colors::VERMILLION, 0.9));
        let is_first = i % columns == 0;
        let y_label = |words: &'static str| if is_first { Some(words) } else { None };
        top.draw_frame(&mut scene, &Labels { x: None, y: y_label("Relative flux"), y_distance: Some(42.0) });
        let label = x.shift.label("Time", "d");
        let residual = format!("O − C ({unit})");
        let y = is_first.then_some(residual.as_str());
        bottom.draw_frame(&mut scene, &Labels { x: Some(&label), y, y_distance: Some(42.0) });
    }
    let mut notes = vec![format!("{}: {} points.", observed.name, count(n))];
    if thinning > 1 {
        notes.push(format!("1 of {thinning} points is shown."));
    }
    if let Some(name) = bin_name {
        notes.push(format!("Black: means of {name}."));
    }
    notes.push("Orange: planets, baseline and noise model.".into());
    if has_noise {
        let parts = match (p.has_process, p.columns) {
            (true, 0) => "the noise process with its 1σ band".to_string(),
            (true, c) => format!("{c} decorrelation columns and the noise process with its 1σ band"),
            (false, c) => format!("{c} decorrelation columns"),
        };
        notes.push(format!("Blue: the same without planets: baseline, {parts}."));
    }
    if tail > 0.0 {
        notes.push("The outermost points may lie beyond the frame.".into());
    }
    scene.words((places[0].left, 16.0), observed.name, 9.5, Anchor::Start);
    add_notes(&mut scene, &notes);
    Some(scene)
}

/// Velocities of all instruments over time.
pub(super) fn velocities(view: &View) -> Option<Scene> {
    let first = view.velocities.first()?;
    let offset = |o: &Observed| {
        let slot = view.posterior.table().slot(&format!("rv.{}.offset", o.name));
        slot.map_or(0.0, |s| s.get(&view.medians))
    };
    let mut time: Vec<f64> = view.velocities.iter().flat_map(|o| o.series.time().iter().copied()).collect();
    time.sort_unstable_by(f64::total_cmp);
    let visits = visits(&time);
    let (places, height) = cells(visits.len());
    let mut scene = Scene::new(PAGE_WIDTH, height, "Radial velocities with their model");
    let each = || view.velocities.iter().flat_map(|o| (0..o.len()).map(move |k| (o, k)));
    let value = |o: &Observed, k: usize| o.series.value()[k] - offset(o);
    let y = range(each().flat_map(|(o, k)| [value(o, k) - o.error(k), value(o, k) + o.error(k)]), 0.0)?;
    let (low, high) = with_margin(y, 0.08);
    let reach = range(each().map(|(o, k)| o.residual(k).abs() + o.error(k)), 0.0)?.1;
    let shortest = view.planets.iter().filter(|p| p.moves_the_star).map(|p| p.period).fold(f64::INFINITY, f64::min);
    let mut has_line = false;
    let has_process = view.velocities.iter().any(|o| o.predicted.has_process);
    let columns = visits.len().min(4);
    for (i, (visit, place)) in visits.iter().zip(&places).enumerate() {
        let (upper, lower) = stacked(*place, 0.3);
        let (start, end) = (time[visit.start], time[visit.end - 1]);
        let room = (0.03 * (end - start)).max(0.02);
        let x = Axis::shifted(start - room, end + room);
        let top = Panel::new(upper, x, Axis::linear(low, high));
        let bottom = Panel::new(lower, x, Axis::linear(-1.1 * reach, 1.1 * reach));
        if (end - start) / shortest <= MOST_ORBITS {
            has_line = true;
            let at: Vec<f64> = (0..=800).map(|k| x.low + (x.high - x.low) * f64::from(k) / 800.0).collect();
            if let Some(line) = view.posterior.velocity_at(first.index, &view.medians, &at) {
                let line = at.iter().copied().zip(line.into_iter().map(|v| v - offset(first)));
                top.line(&mut scene, line, Stroke::solid(colors::NOTE, 0.9));
            }
        }
        bottom.horizontal(&mut scene, 0.0, Stroke::solid(colors::NOTE, 0.9));
        for (c, o) in view.velocities.iter().enumerate() {
            let color = colors::SERIES[c % colors::SERIES.len()];
            let here: Vec<usize> = (0..o.len()).filter(|k| (start..=end).contains(&o.series.time()[*k])).collect();
            if o.predicted.has_process {
                let at: Vec<f64> = here.iter().map(|k| o.series.time()[*k]).collect();
                let p = &o.predicted;
                let of = |s: f64| {
                    here.iter().map(|k| p.model[*k] - offset(o) + p.noise[*k] + s * p.sigma[*k]).collect::<Vec<f64>>()
                };
                top.band(&mut scene, &at, &of(-1.0), &of(1.0), color.with_opacity(0.25));
            }
            let points = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64, f64)> {
                here.iter().map(|k| (o.series.time()[*k], of(*k), o.error(*k))).collect()
            };
            top.points_with_errors(&mut scene, &points(&|k| value(o, k)), 2.0, color);
            bottom.points_with_errors(&mut scene, &points(&|k| o.residual(k)), 2.0, color);
        }
        let is_first = i % columns == 0;
        let labels = |words: &'static str| if is_first { Some(words) } else { None };
        top.draw_frame(
            &mut scene,
            &Labels { x: None, y: labels("Radial velocity (m s^{−1})"), y_distance: Some(40.0) },
        );
        let label = x.shift.label("Time", "d");
        let y = labels("O − C (m s^{−1})");
        bottom.draw_frame(&mut scene, &Labels { x: Some(&label), y, y_distance: Some(40.0) });
    }
    let names: Vec<&str> = view.velocities.iter().map(|o| o.name).collect();
    legend(&mut scene, (places[0].left, 16.0), &names);
    let mut notes =
        vec![format!("{} velocities less their offsets; bars include the fitted jitter.", count(time.len()))];
    if has_line {
        notes.push("Line: all planets and trends at the medians of the posterior.".into());
    } else {
        notes.push("The orbits are too many for a curve.".into());
    }
    if has_process {
        notes.push("Bands: the same with the noise process and its 1σ, between the points they are known at.".into());
    }
    add_notes(&mut scene, &notes);
    Some(scene)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_cut_at_long_gaps_unless_it_is_full() {
        let full: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.02 + if i > 500 { 1.0 } else { 0.0 }).collect();
        assert_eq!(visits(&full), vec![0..1000]);
        let nights: Vec<f64> =
            (0..3).flat_map(|n| (0..50).map(move |i| 40.0 * f64::from(n) + 0.002 * f64::from(i))).collect();
        assert_eq!(visits(&nights), vec![0..50, 50..100, 100..150]);
        let many: Vec<f64> =
            (0..90).flat_map(|n| (0..5).map(move |i| f64::from(n * n) + 0.002 * f64::from(i))).collect();
        assert_eq!(visits(&many).len(), MOST_VISITS);
        assert_eq!(visits(&[3.0]), vec![0..1]);
        let (places, height) = cells(6);
        assert!(places.iter().all(|p| p.right() <= PAGE_WIDTH && p.bottom() + 30.0 <= height), "{places:?}");
    }
}
