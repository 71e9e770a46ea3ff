//! A short ensemble from the starting modes: where the density is, roughly.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

use super::mixture::{Component, StudentMixture};
use super::{ImportanceConfig, StartingMode};
use crate::sample::evaluate::evaluate;
use crate::sample::moves::Mixture;
use crate::sample::{Chain, Ensemble, LogDensity, SampleError};

/// Places the ensemble visited, each with the number of times, and the evaluations spent.
pub(super) struct Pilot {
    pub places: Vec<f64>,
    pub counts: Vec<f64>,
    pub evaluations: usize,
    /// The modes as Students.
    pub anchors: Vec<Component>,
}

/// Walkers start from Students around the modes, more of them where more of the density is.
pub(super) fn run_pilot<D: LogDensity + ?Sized>(
    density: &D,
    modes: &[StartingMode],
    config: &ImportanceConfig,
    rng: &mut StdRng,
) -> Result<Pilot, SampleError> {
    let dim = density.dim();
    check(dim, modes)?;
    let walkers = (config.pilot_walkers_per_dimension * dim).max(2 * (dim + 2)).max(6).div_ceil(2) * 2;
    let mut evaluations = 0;
    let mut start = Vec::with_capacity(walkers);
    let anchors = anchors(density, modes);
    evaluations += modes.len();
    let mut dealt = 0;
    let mut sum = 0.0;
    for (m, (mode, anchor)) in modes.iter().zip(&anchors).enumerate() {
        sum += anchor.weight;
        let upto = (walkers as f64 * sum).round() as usize;
        evaluations += start_walkers(density, m, mode, upto - dealt, config, rng, &mut start)?;
        dealt = upto;
    }
    let mut ensemble = Ensemble::new(density, &start, Mixture::default(), config.evaluation, rng.random())?;
    let mut chain = Chain::new(walkers, dim);
    ensemble.run(config.pilot_steps, 1, &mut chain)?;
    evaluations += walkers * (chain.draws() + 1);

    let first = chain.draws() / 4;
    let (mut places, mut counts) = (Vec::new(), Vec::<f64>::new());
    for walker in 0..walkers {
        for draw in first..chain.draws() {
            let x = chain.position(draw, walker);
            if draw > first && x == chain.position(draw - 1, walker) {
                *counts.last_mut().expect("the first draw of a walker was counted") += 1.0;
            } else {
                places.extend_from_slice(x);
                counts.push(1.0);
            }
        }
    }
    if counts.is_empty() {
        places = start.concat();
        counts = vec![1.0; walkers];
    }
    Ok(Pilot { places, counts, evaluations, anchors })
}

/// The modes with weights that sum to 1: the square roots of their shares of the density by Laplace's approximation.
fn anchors<D: LogDensity + ?Sized>(density: &D, modes: &[StartingMode]) -> Vec<Component> {
    let dim = density.dim();
    let logs: Vec<f64> = modes
        .iter()
        .map(|m| {
            let ln_det = student_around(m, dim).ln_scale_determinant();
            density.log_density(&m.centre) + 0.5 * ln_det
        })
        .collect();
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> =
        logs.iter().map(|l| if highest.is_finite() { (0.5 * (l - highest)).exp() } else { 1.0 }).collect();
    let total: f64 = shares.iter().sum();
    let component = |(m, share): (&StartingMode, &f64)| Component {
        weight: share / total,
        mean: m.centre.clone(),
        scale: m.covariance.clone(),
    };
    modes.iter().zip(&shares).map(component).collect()
}

fn check(dim: usize, modes: &[StartingMode]) -> Result<(), SampleError> {
    if modes.is_empty() || dim == 0 {
        return Err(SampleError::NoMode);
    }
    for (mode, m) in modes.iter().enumerate() {
        let parts = [("centre", m.centre.len(), dim), ("covariance", m.covariance.len(), dim * dim)];
        for (what, found, needed) in parts {
            if found != needed {
                return Err(SampleError::ModeShape { mode, what, found, needed });
            }
        }
        if m.centre.iter().any(|c| !c.is_finite()) {
            return Err(SampleError::ModeStart { mode, log_density: f64::NAN });
        }
    }
    Ok(())
}

/// Draws around a mode where the density is positive: reflected into the bounds, and nearer to the centre at each attempt.
fn start_walkers<D: LogDensity + ?Sized>(
    density: &D,
    number: usize,
    mode: &StartingMode,
    walkers: usize,
    config: &ImportanceConfig,
    rng: &mut StdRng,
    out: &mut Vec<Vec<f64>>,
) -> Result<usize, SampleError> {
    const ATTEMPTS: i32 = 12;
    let dim = density.dim();
    let around = student_around(mode, dim);
    let mut missing = walkers;
    let mut evaluations = 0;
    for attempt in 0..ATTEMPTS {
        let shrink = 0.6f64.powi(attempt);
        let mut tries = around.draw(missing, rng);
        // a comb orders nothing here: one component
        for x in tries.chunks_exact_mut(dim) {
            for (i, (x, c)) in x.iter_mut().zip(&mode.centre).enumerate() {
                *x = reflect(c + shrink * (*x - c), density.bounds(i).lower, density.bounds(i).upper);
            }
        }
        let mut log_density = vec![0.0; missing];
        evaluate(density, config.evaluation, &tries, &mut log_density)?;
        evaluations += missing;
        let good = tries.chunks_exact(dim).zip(&log_density).filter(|(_, l)| l.is_finite());
        out.extend(good.map(|(x, _)| x.to_vec()));
        missing = log_density.iter().filter(|l| !l.is_finite()).count();
        if missing == 0 {
            return Ok(evaluations);
        }
    }
    // the centre itself and a dust around it, so that differences of walkers still span the space
    let centre_log_density = density.log_density(&mode.centre);
    if !centre_log_density.is_finite() {
        return Err(SampleError::ModeStart { mode: number, log_density: centre_log_density });
    }
    for _ in 0..missing {
        let dust = |(i, c): (usize, &f64)| {
            let deviation = mode.covariance[i * dim + i].abs().sqrt().max(1e-8 * c.abs()).max(1e-12);
            let x = c + 1e-4 * deviation * rng.sample::<f64, _>(StandardNormal);
            reflect(x, density.bounds(i).lower, density.bounds(i).upper)
        };
        let x: Vec<f64> = mode.centre.iter().enumerate().map(dust).collect();
        evaluations += 1;
        out.push(if density.log_density(&x).is_finite() { x } else { mode.centre.clone() });
    }
    Ok(evaluations)
}

fn student_around(mode: &StartingMode, dim: usize) -> StudentMixture {
    let component = |scale: Vec<f64>| Component { weight: 1.0, mean: mode.centre.clone(), scale };
    let diagonal = || {
        let mut scale = vec![0.0; dim * dim];
        for i in 0..dim {
            let variance = mode.covariance[i * dim + i];
            let usable = variance.is_finite() && variance > 0.0;
            scale[i * dim + i] = if usable { variance } else { (1e-4 * mode.centre[i].abs()).max(1e-8).powi(2) };
        }
        scale
    };
    StudentMixture::new(dim, &[component(mode.covariance.clone())])
        .or_else(|| StudentMixture::new(dim, &[component(diagonal())]))
        .expect("a positive diagonal is positive definite")
}

/// x folded at the limits until it is between them.
fn reflect(x: f64, lower: f64, upper: f64) -> f64 {
    if x >= lower && x <= upper {
        return x;
    }
    if lower.is_finite() && upper.is_finite() {
        let width = upper - lower;
        let phase = (x - lower).rem_euclid(2.0 * width);
        return lower + if phase > width { 2.0 * width - phase } else { phase };
    }
    if x < lower { 2.0 * lower - x } else { 2.0 * upper - x }
}
