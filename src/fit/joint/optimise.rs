//! Places of high posterior density: differential evolution inside the prior, then climbs by BFGS from several geometries.

use nalgebra::{DMatrix, DVector};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::coordinates::{rough_duration, size_for_duration};
use super::model::Size;
use super::posterior::{Cube, JointPosterior};
use super::table::Slot;
use crate::sample::LogDensity;
use crate::sample::importance::StartingMode;
use crate::sample::nested::PriorTransform;
use crate::sample::nuts::GradientLogDensity;

/// A local maximum of the density over the sampling coordinates.
#[derive(Clone, Debug)]
pub(super) struct Mode {
    pub x: Vec<f64>,
    pub ln_density: f64,
    pub covariance: DMatrix<f64>,
}

/// Modes that are worth sampling from, the best first; empty where no possible place was found.
pub(super) fn modes(posterior: &JointPosterior, seed: u64) -> Vec<Mode> {
    let mut found: Vec<Mode> = Vec::new();
    for start in starts(posterior, seed) {
        let Some(mode) = climb(posterior, start) else { continue };
        found.push(mode);
    }
    found.sort_by(|a, b| b.ln_density.total_cmp(&a.ln_density));
    let best = found.first().map_or(f64::NAN, |m| m.ln_density);
    let mut kept: Vec<Mode> = Vec::new();
    for mode in found {
        // a mode that is e⁻¹² as high would need to be very wide to matter
        let is_new = kept.iter().all(|k| distance(k, &mode) > 1.0);
        if mode.ln_density > best - 12.0 && is_new {
            kept.push(mode);
        }
    }
    kept
}

/// Modes as the importance sampler wants them.
pub(super) fn starting_modes(modes: &[Mode]) -> Vec<StartingMode> {
    let covariance = |m: &Mode| m.covariance.as_slice().to_vec();
    modes.iter().map(|m| StartingMode { centre: m.x.clone(), covariance: covariance(m) }).collect()
}

/// Mahalanobis distance over √dim.
fn distance(a: &Mode, b: &Mode) -> f64 {
    let n = a.x.len();
    let difference = DVector::from_fn(n, |i, _| b.x[i] - a.x[i]);
    match a.covariance.clone().cholesky() {
        Some(c) => (difference.dot(&c.solve(&difference)) / n as f64).sqrt(),
        None => f64::INFINITY,
    }
}

/// Coordinates to climb from: the best of differential evolution, and the starting values with several impact parameters.
fn starts(posterior: &JointPosterior, seed: u64) -> Vec<Vec<f64>> {
    let mut places: Vec<(f64, Vec<f64>)> = Vec::new();
    let mut consider = |values: &[f64]| {
        if let Some(x) = posterior.coordinates_of(values) {
            let density = posterior.log_density(&x);
            if density.is_finite() {
                places.push((density, x));
            }
        }
    };
    let evolved = evolve(posterior, &posterior.starts(), seed);
    for base in [&posterior.starts(), &evolved] {
        consider(base);
        for b in [0.1, 0.4, 0.7, 0.9] {
            consider(&with_impact_parameter(posterior, base, b));
        }
    }
    places.sort_by(|a, b| b.0.total_cmp(&a.0));
    places.truncate(4);
    places.into_iter().map(|p| p.1).collect()
}

/// The same with this impact parameter for all planets where it is free, durations kept.
fn with_impact_parameter(posterior: &JointPosterior, base: &[f64], b: f64) -> Vec<f64> {
    let mut values = base.to_vec();
    let mut sized = Vec::new();
    for planet in &posterior.model.planets {
        let Some(transit) = &planet.transit else { continue };
        let Slot::Free(i) = transit.impact_parameter else { continue };
        let duration = rough_duration(planet, base);
        values[i] = b;
        let (Size::ARs(Slot::Free(j)) | Size::RhoStar(Slot::Free(j))) = transit.size else { continue };
        if let (Some(duration), false) = (duration, sized.contains(&j))
            && let Some(size) = size_for_duration(planet, &values, duration)
            && posterior.table().parameters()[j].ln_prior(j, &with(&values, j, size)).is_finite()
        {
            values[j] = size;
            sized.push(j);
        }
    }
    values
}

fn with(values: &[f64], i: usize, value: f64) -> Vec<f64> {
    let mut out = values.to_vec();
    out[i] = value;
    out
}

/// Differential evolution (Storn & Price 1997, J. Global Optim. 11, 341) of the unit cube of the prior, from a population
/// about the starting values.
fn evolve(posterior: &JointPosterior, start: &[f64], seed: u64) -> Vec<f64> {
    let cube = Cube(posterior);
    let dim = PriorTransform::dim(&cube);
    let n = (6 * dim).clamp(30, 120);
    let generations = 60 + 4 * dim;
    let mut rng = StdRng::seed_from_u64(seed);
    let centre = inverse(posterior, start);
    let mut values = vec![0.0; dim];
    let mut score = |u: &[f64]| {
        cube.place(u, &mut values);
        posterior.ln_posterior(&values)
    };
    let mut people: Vec<(Vec<f64>, f64)> = (0..n)
        .map(|m| {
            // some of them near the starting values, more and more closely
            let spread = if m < n / 3 { 1.0 } else { 0.5f64.powf(12.0 * (m - n / 3) as f64 / n as f64) };
            let u: Vec<f64> = centre
                .iter()
                .map(|c| {
                    let r: f64 = rng.random();
                    if m == n - 1 { *c } else { c + spread * (r - if m < n / 3 { *c } else { 0.5 }) }.clamp(0.0, 1.0)
                })
                .collect();
            let s = score(&u);
            (u, s)
        })
        .collect();
    for _ in 0..generations {
        let best = people.iter().enumerate().max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map_or(0, |b| b.0);
        for m in 0..n {
            let (a, b) = (rng.random_range(0..n), rng.random_range(0..n));
            let scale: f64 = rng.random_range(0.4..0.9);
            let towards = if rng.random::<f64>() < 0.5 { best } else { m };
            let forced = rng.random_range(0..dim);
            let mut trial = people[m].0.clone();
            for (i, place) in trial.iter_mut().enumerate() {
                if i == forced || rng.random::<f64>() < 0.8 {
                    let step = scale * (people[a].0[i] - people[b].0[i] + people[towards].0[i] - people[m].0[i]);
                    let to = *place + step;
                    *place = if (0.0..=1.0).contains(&to) { to } else { rng.random() };
                }
            }
            let s = score(&trial);
            if s >= people[m].1 {
                people[m] = (trial, s);
            }
        }
    }
    let best = people.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(centre, |p| p.0);
    cube.place(&best, &mut values);
    values
}

/// Place in the unit cube of these values, by bisection of the quantiles.
fn inverse(posterior: &JointPosterior, values: &[f64]) -> Vec<f64> {
    let parameters = posterior.table().parameters().iter().enumerate();
    parameters
        .map(|(i, p)| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if p.quantile(middle, values) < values[i] { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        })
        .collect()
}

const MAX_ITERATIONS: usize = 80;
/// Gain in ln density of an iteration below which the climb ends.
const TOLERANCE: f64 = 1e-3;

/// Climbs from `x` by BFGS, in units in which the density falls by about ½.
fn climb(posterior: &JointPosterior, mut x: Vec<f64>) -> Option<Mode> {
    let n = x.len();
    let density = |x: &[f64]| posterior.log_density(x);
    let mut slope = DVector::zeros(n);
    let mut value = posterior.log_density_gradient(&x, slope.as_mut_slice());
    if !value.is_finite() {
        return None;
    }
    // coordinate by coordinate first: scales, and a first ascent
    let widths =
        |x: &[f64], value: f64| -> Vec<f64> { (0..n).map(|i| width(&density, x, i, value, posterior)).collect() };
    let squares = |scale: &[f64]| DMatrix::from_diagonal(&DVector::from_iterator(n, scale.iter().map(|s| s * s)));
    let mut inverse = squares(&widths(&x, value));
    let mut restarted = false;
    for _ in 0..MAX_ITERATIONS {
        let direction = &inverse * &slope;
        let rise = direction.dot(&slope);
        let mut step = 1.0;
        let mut taken = None;
        for _ in 0..12 {
            let to: Vec<f64> = (0..n).map(|i| x[i] + step * direction[i]).collect();
            let there = density(&to);
            if there > value + 1e-4 * step * rise {
                taken = Some((to, there));
                break;
            }
            step *= 0.35;
        }
        let Some((to, there)) = taken else {
            if restarted {
                break;
            }
            restarted = true;
            inverse = squares(&widths(&x, value));
            continue;
        };
        let mut new_slope = DVector::zeros(n);
        posterior.log_density_gradient(&to, new_slope.as_mut_slice());
        let s = DVector::from_fn(n, |i, _| to[i] - x[i]);
        // of −ln density
        let y = &slope - &new_slope;
        let sy = s.dot(&y);
        if sy > 1e-10 {
            let hy = &inverse * &y;
            let factor = (1.0 + y.dot(&hy) / sy) / sy;
            inverse += factor * (&s * s.transpose()) - (&hy * s.transpose() + &s * hy.transpose()) / sy;
        }
        let gain = there - value;
        (x, value, slope) = (to, there, new_slope);
        if gain < TOLERANCE {
            if restarted {
                break;
            }
            restarted = true;
        } else {
            restarted = false;
        }
    }
    let scale = widths(&x, value);
    let covariance = covariance(posterior, &x, &scale).unwrap_or_else(|| squares(&scale));
    Some(Mode { x, ln_density: value, covariance })
}

/// How far coordinate `i` may go before the density changes by about ½.
fn width(density: &dyn Fn(&[f64]) -> f64, x: &[f64], i: usize, value: f64, posterior: &JointPosterior) -> f64 {
    let bounds = posterior.bounds(i);
    let range = bounds.upper - bounds.lower;
    let mut h = if range.is_finite() { 0.1 * range } else { 0.1 * x[i].abs().max(1e-3) };
    let change = |h: f64| {
        let there = |s: f64| density(&with(x, i, x[i] + s));
        let (up, down) = ((there(h) - value).abs(), (there(-h) - value).abs());
        match (up.is_finite(), down.is_finite()) {
            (true, true) => up.max(down),
            (true, false) => up,
            (false, true) => down,
            _ => f64::INFINITY,
        }
    };
    for _ in 0..60 {
        let c = change(h);
        if c > 2.0 {
            h *= if c > 200.0 { 0.1 } else { 0.4 };
        } else if c < 0.1 && (!range.is_finite() || h < 0.3 * range) && h < 1e6 {
            h *= 2.3;
        } else {
            break;
        }
    }
    h
}

/// Inverse of the Hessian of −ln density by differences of gradients, directions in which it does not fall widened to their
/// scale.
fn covariance(posterior: &JointPosterior, x: &[f64], scale: &[f64]) -> Option<DMatrix<f64>> {
    let n = x.len();
    // differences are taken over this share of the scale, and the Hessian is in units of it
    const SHARE: f64 = 0.3;
    let gradient = |i: usize, s: f64| {
        let mut out = DVector::zeros(n);
        let value = posterior.log_density_gradient(&with(x, i, x[i] + s * SHARE * scale[i]), out.as_mut_slice());
        value.is_finite().then_some(out)
    };
    let here = gradient(0, 0.0)?;
    let mut hessian = DMatrix::zeros(n, n);
    for i in 0..n {
        let (up, down) = (gradient(i, 1.0), gradient(i, -1.0));
        let change = match (up, down) {
            (Some(up), Some(down)) => 0.5 * (down - up),
            (Some(up), None) => &here - up,
            (None, Some(down)) => down - &here,
            (None, None) => {
                hessian[(i, i)] = SHARE * SHARE;
                continue;
            }
        };
        (0..n).for_each(|j| hessian[(i, j)] = change[j] * SHARE * scale[j]);
    }
    let eigen = (0.5 * (&hessian + hessian.transpose())).symmetric_eigen();
    let floor = SHARE * SHARE * 0.02;
    let inverse = DVector::from_iterator(n, eigen.eigenvalues.iter().map(|e| 1.0 / e.max(floor)));
    let mut out = &eigen.eigenvectors * DMatrix::from_diagonal(&inverse) * eigen.eigenvectors.transpose();
    for i in 0..n {
        for j in 0..n {
            out[(i, j)] *= SHARE * SHARE * scale[i] * scale[j];
        }
    }
    out.iter().all(|v| v.is_finite()).then_some(out)
}
