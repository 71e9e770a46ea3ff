//! Live points climb until what is left cannot matter.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

use super::PriorTransform;
use super::slice::{Cost, Live, walk};
use super::volumes::{log_evidence, mean_log_widths, uniform_probability};
use crate::sample::{Evaluation, SampleError, WeightedDraws};

/// How many live points, how far each new one walks, and when to stop.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NestedConfig {
    /// Live points: the error of the evidence falls as their square root.
    pub live_points: usize,
    /// Slices between a live point and its new one, for each dimension.
    pub slices_per_dimension: usize,
    /// Ends when the live points hold less than this of ln(evidence).
    pub log_evidence_left: f64,
    /// Points replaced at a time, and in parallel if so evaluated; at most a tenth of the live ones.
    pub batch: usize,
    /// Calls of the likelihood after which the run ends, done or not.
    pub max_evaluations: usize,
    pub evaluation: Evaluation,
}

impl Default for NestedConfig {
    fn default() -> Self {
        Self {
            live_points: 500,
            slices_per_dimension: 3,
            log_evidence_left: 0.01,
            batch: 8,
            max_evaluations: 20_000_000,
            evaluation: Evaluation::Serial,
        }
    }
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NestedStatus {
    #[error("converged")]
    Converged,
    #[error("{evaluations} evaluations were not enough: {left:.3} of ln(evidence) may be missing")]
    Evaluations { evaluations: usize, left: f64 },
}

#[derive(Clone, Debug)]
pub struct NestedRun {
    /// All points, dead and finally alive. Kish's size of their weights takes the prior volumes as known: how the mass is
    /// shared between separate modes is less certain than it says, by about the square root of the live points in each.
    pub draws: WeightedDraws,
    /// ln ∫ likelihood d(prior), and its standard error.
    pub log_evidence: f64,
    pub log_evidence_error: f64,
    /// Kullback–Leibler divergence from prior to posterior, in nats.
    pub information: f64,
    /// Probability of insertion ranks as uneven as those seen; below 0.01, walks were too short or a mode was lost.
    pub insertion_probability: f64,
    pub evaluations: usize,
    pub status: NestedStatus,
}

/// Runs nested sampling of `model`; the same bits for any evaluation.
pub fn nested<M: PriorTransform + ?Sized>(
    model: &M,
    config: &NestedConfig,
    seed: u64,
) -> Result<NestedRun, SampleError> {
    let dim = model.dim();
    let needed = 2 * dim + 10;
    if dim == 0 || config.live_points < needed {
        return Err(SampleError::LivePoints { found: config.live_points, needed });
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut live, log_start, mut evaluations) = first_points(model, config, &mut rng)?;
    let n = live.len();
    let batch = config.batch.clamp(1, n / 10);
    let moves = (config.slices_per_dimension * dim).max(4);
    let mut dead: Vec<Live> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    let mut ranks = Vec::new();
    let (mut log_volume, mut log_sum, mut width) = (log_start, f64::NEG_INFINITY, 1.0f64);
    let status = loop {
        live.sort_by(|a, b| a.log_likelihood.total_cmp(&b.log_likelihood));
        let left = log_add(log_sum, live[n - 1].log_likelihood + log_volume) - log_sum;
        if left < config.log_evidence_left {
            break NestedStatus::Converged;
        }
        if evaluations >= config.max_evaluations {
            break NestedStatus::Evaluations { evaluations, left };
        }
        let threshold = live[batch - 1].log_likelihood;
        // points level with the threshold could not be told apart from those below it: what is left is flat
        let above = live.partition_point(|l| l.log_likelihood <= threshold);
        if above == n {
            break NestedStatus::Converged;
        }
        let seeds: Vec<u64> = (0..batch).map(|_| rng.random()).collect();
        let make = |seed: &u64| {
            let mut rng = StdRng::seed_from_u64(*seed);
            let start = rng.random_range(above..n);
            walk(model, &live, start, (threshold, width, moves), &mut rng)
        };
        let made: Vec<(Live, Cost)> = match config.evaluation {
            Evaluation::Serial => seeds.iter().map(make).collect::<Result<_, _>>()?,
            Evaluation::Parallel => seeds.par_iter().map(make).collect::<Result<_, _>>()?,
        };
        let mut cost = Cost::default();
        for (_, c) in &made {
            cost.evaluations += c.evaluations;
            cost.widenings += c.widenings;
            cost.narrowings += c.narrowings;
        }
        evaluations += cost.evaluations;
        // as many widenings as narrowings cost least; a gentle change keeps the walks nearly stationary
        width *= ((cost.widenings as f64 + 1.0) / (cost.narrowings as f64 + 1.0)).powf(0.05).clamp(0.8, 1.25);
        width = width.clamp(1e-3, 10.0);
        for (i, (new, _)) in made.into_iter().enumerate() {
            let survivors = &live[batch..];
            let rank = survivors.partition_point(|l| l.log_likelihood < new.log_likelihood);
            ranks.push((rank as f64 + 0.5) / (survivors.len() as f64 + 1.0));
            let count = n - i;
            let log_t = -1.0 / count as f64;
            let log_width = log_volume + (-f64::exp_m1(log_t)).ln();
            log_sum = log_add(log_sum, log_width + live[i].log_likelihood);
            log_volume += log_t;
            counts.push(count);
            dead.push(new);
        }
        // the new ones take the places of the lowest
        let from = dead.len() - batch;
        live[..batch].swap_with_slice(&mut dead[from..]);
    };
    for (i, point) in live.into_iter().enumerate() {
        dead.push(point);
        counts.push(n - i);
    }
    let insertion_probability = uniform_probability(ranks);
    Ok(finish(dim, dead, &counts, log_start, Ending { insertion_probability, evaluations, status }, rng.random()))
}

struct Ending {
    insertion_probability: f64,
    evaluations: usize,
    status: NestedStatus,
}

fn finish(dim: usize, dead: Vec<Live>, counts: &[usize], log_start: f64, ending: Ending, seed: u64) -> NestedRun {
    let log_likelihood: Vec<f64> = dead.iter().map(|d| d.log_likelihood).collect();
    let mut widths = mean_log_widths(log_start, counts);
    // the last point keeps all the volume that is left
    if let (Some(width), Some(count)) = (widths.last_mut(), counts.last()) {
        let share = -f64::exp_m1(-1.0 / *count as f64);
        *width -= share.ln();
    }
    let (log_evidence, log_evidence_error) = log_evidence(log_start, counts, &log_likelihood, seed);
    let log_weights: Vec<f64> = widths.iter().zip(&log_likelihood).map(|(w, l)| w + l).collect();
    let positions: Vec<f64> = dead.iter().flat_map(|d| d.position.iter().copied()).collect();
    let draws = WeightedDraws::from_log_weights(dim, positions, log_likelihood, &log_weights);
    let mean: f64 =
        (0..draws.len()).filter(|i| draws.weights()[*i] > 0.0).map(|i| draws.weights()[i] * draws.log_density(i)).sum();
    NestedRun {
        draws,
        log_evidence,
        log_evidence_error,
        information: mean - log_evidence,
        insertion_probability: ending.insertion_probability,
        evaluations: ending.evaluations,
        status: ending.status,
    }
}

/// Live points from the prior where the likelihood is positive, and the logarithm of the share of the prior where it is.
fn first_points<M: PriorTransform + ?Sized>(
    model: &M,
    config: &NestedConfig,
    rng: &mut StdRng,
) -> Result<(Vec<Live>, f64, usize), SampleError> {
    const TRIES: usize = 1000;
    let n = config.live_points;
    let mut live = Vec::with_capacity(n);
    let mut tries = 0;
    while live.len() < n {
        if tries > TRIES * n {
            return Err(SampleError::Impossible { tries });
        }
        tries += 1;
        let cube: Vec<f64> = (0..model.dim()).map(|_| rng.random::<f64>().max(1e-300)).collect();
        let point = Live::new(model, cube)?;
        if point.log_likelihood > f64::NEG_INFINITY {
            live.push(point);
        }
    }
    Ok((live, (n as f64 / tries as f64).ln(), tries))
}

fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
