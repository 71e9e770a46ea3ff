//! Figures of a joint fit.
//!
//! ```text
//! fold_b        light curves folded on planet b, model and 68 % band, residuals     (fold)
//! velocity_b    velocities folded on planet b; velocities: the whole series          (velocity, series)
//! series_TESS   one light curve with its noise model, and residuals                   (series)
//! corner        densities of the fitted parameters of star and planets; corner_noise: of the rest   (corner)
//! traces        draws in their order, page by page                                    (traces)
//! ```

mod corner;
mod fold;
mod series;
mod traces;
mod velocity;

use super::Figure;
use super::draw::Rect;
use super::notes::add_notes;
use crate::fit::joint::{JointData, JointFit, JointPosterior, PlanetAt, Series, SeriesKind, SeriesPrediction};

/// Draws that bands are made of.
const BAND_DRAWS: usize = 200;
/// Points times draws at most, for what is computed at every point of a series.
const POINT_DRAWS: usize = 1_500_000;
/// Points shown at most in one panel.
const MOST_POINTS: usize = 6_000;
/// Width of a page of a journal, in points.
const PAGE_WIDTH: f64 = 504.0;

/// All figures of a fit, in the order in which one looks at them.
pub fn figures(posterior: &JointPosterior, data: &JointData, fit: &JointFit) -> Vec<Figure> {
    let view = View::new(posterior, data, fit);
    let mut out = Vec::new();
    for (p, planet) in view.planets.iter().enumerate() {
        out.extend(fold::figure(&view, p).map(|scene| Figure { name: file_name("fold", &planet.name), scene }));
        out.extend(fold::phase_curve(&view, p).map(|scene| Figure { name: file_name("phase", &planet.name), scene }));
        out.extend(velocity::figure(&view, p).map(|scene| Figure { name: file_name("velocity", &planet.name), scene }));
    }
    for observed in &view.photometry {
        out.extend(
            series::light_curve(&view, observed)
                .map(|scene| Figure { name: file_name("series", observed.name), scene }),
        );
    }
    out.extend(series::velocities(&view).map(|scene| Figure { name: "velocities".into(), scene }));
    out.extend(corner::figures(fit));
    out.extend(traces::figures(fit));
    out
}

/// A name that any file system takes.
fn file_name(kind: &str, name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-.+".contains(c) { c } else { '_' };
    format!("{kind}_{}", name.chars().map(safe).collect::<String>())
}

/// One series with what the posterior says about it.
struct Observed<'a> {
    name: &'a str,
    index: usize,
    series: &'a Series,
    predicted: SeriesPrediction,
}

impl Observed<'_> {
    fn len(&self) -> usize {
        self.series.len()
    }

    /// Data less everything modelled.
    fn residual(&self, k: usize) -> f64 {
        self.series.value()[k] - self.predicted.model[k] - self.predicted.noise[k]
    }

    /// Error with the fitted jitter.
    fn error(&self, k: usize) -> f64 {
        self.series.error()[k].hypot(self.predicted.jitter)
    }
}

/// What all figures draw from.
struct View<'a> {
    posterior: &'a JointPosterior,
    /// Values of the free parameters, evenly spaced among the draws.
    rows: Vec<Vec<f64>>,
    medians: Vec<f64>,
    planets: Vec<PlanetAt>,
    photometry: Vec<Observed<'a>>,
    velocities: Vec<Observed<'a>>,
}

impl<'a> View<'a> {
    fn new(posterior: &'a JointPosterior, data: &'a JointData, fit: &JointFit) -> Self {
        let n_free = posterior.table().parameters().len();
        let total = fit.draws.draw.len();
        let wanted = BAND_DRAWS.min(total);
        let row = |i: usize| fit.draws.columns[..n_free].iter().map(|c| c[i]).collect::<Vec<f64>>();
        let rows: Vec<Vec<f64>> = (0..wanted).map(|i| row(i * total / wanted)).collect();
        let observed = |kind: SeriesKind| -> Vec<Observed<'a>> {
            let of = |(index, name): (usize, &'a str)| {
                let series = match kind {
                    SeriesKind::Photometry => data.photometry.get(name)?,
                    SeriesKind::Velocities => data.velocities.get(name)?,
                };
                let used = (POINT_DRAWS / series.len().max(1)).clamp(16, 100).min(rows.len());
                let few: Vec<Vec<f64>> = (0..used).map(|i| rows[i * rows.len() / used].clone()).collect();
                Some(Observed { name, index, series, predicted: posterior.prediction(kind, index, &few)? })
            };
            posterior.series_names(kind).into_iter().enumerate().filter_map(of).collect()
        };
        let medians: Vec<f64> = fit.fitted.iter().map(|s| s.median).collect();
        let (photometry, velocities) = (observed(SeriesKind::Photometry), observed(SeriesKind::Velocities));
        Self { posterior, planets: posterior.planets(&medians), medians, rows, photometry, velocities }
    }
}

/// Median and central 68 % at each place over lines of equal length.
fn band(lines: &[Vec<f64>]) -> [Vec<f64>; 3] {
    let n = lines.first().map_or(0, Vec::len);
    let mut out = [const { Vec::new() }; 3];
    let mut column: Vec<f64> = Vec::with_capacity(lines.len());
    for k in 0..n {
        column.clear();
        column.extend(lines.iter().map(|l| l[k]));
        column.sort_unstable_by(f64::total_cmp);
        for (out, p) in out.iter_mut().zip([0.5, 0.158_655, 0.841_345]) {
            out.push(crate::math::quantile_sorted(&column, p));
        }
    }
    out
}

/// A panel above another that share their x: of the data, and of what is left.
fn stacked(cell: Rect, share: f64) -> (Rect, Rect) {
    const GAP: f64 = 3.0;
    let lower = share * (cell.height - GAP);
    let upper = cell.height - GAP - lower;
    (Rect::new(cell.left, cell.top, cell.width, upper), Rect::new(cell.left, cell.top + upper + GAP, cell.width, lower))
}

/// A number with three digits that count.
fn three_digits(value: f64) -> String {
    let decimals = if value > 0.0 { (2.0 - value.log10().floor()).clamp(0.0, 9.0) as usize } else { 0 };
    format!("{value:.decimals$}")
}

/// Text with thousands apart.
fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(' ');
        }
        out.push(d);
    }
    out
}

#[cfg(test)]
mod tests;
