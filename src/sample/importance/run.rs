//! Rounds of importance sampling until the effective size asked for is there.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::clustering::{Places, fit, pooled};
use super::independence::Independence;
use super::mixture::Component;
use super::pareto::{reliable_shape, smooth_tail};
use super::pilot::{Pilot, run_pilot};
use super::proposal::{Proposal, log_add};
use super::warp::Warp;
use super::{ImportanceConfig, StartingMode};
use crate::sample::evaluate::evaluate;
use crate::sample::{LogDensity, SampleError, WeightedDraws};

/// Draws with weights, and whether they can be relied on.
#[derive(Clone, Debug)]
pub struct ImportanceRun {
    /// Draws from the last proposal.
    pub draws: WeightedDraws,
    /// ln ∫ exp(log density) dx, from the draws of the last proposal.
    pub log_evidence: f64,
    /// Its standard error.
    pub log_evidence_error: f64,
    /// Shape of the tail of the weights.
    pub pareto_k: f64,
    /// Least of Kish's effective size and the bulk and tail sizes of all coordinates.
    pub ess: f64,
    /// Evaluations of the density, the pilot's included.
    pub evaluations: usize,
    pub pilot_evaluations: usize,
    pub rounds: usize,
    pub status: ImportanceStatus,
    /// The last proposal, as a move of an ensemble.
    pub learnt: Independence,
}

/// Whether the weighted draws are what was asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportanceStatus {
    #[error("converged")]
    Converged,
    #[error(
        "the tail of the weights has the shape k = {pareto_k:.2}, above {limit:.2}: the proposals miss part of the density"
    )]
    HeavyTail { pareto_k: f64, limit: f64 },
    #[error("effective sample size {ess:.0} after {evaluations} evaluations, {needed} asked for")]
    EffectiveSize { ess: f64, evaluations: usize, needed: f64 },
}

/// Rounds after which a run whose weights stay bad is given up.
const PATIENCE: usize = 6;
/// The last proposal is to be fitted to this share at least of as many draws as it will give itself: fewer would spoil it,
/// and more are not needed.
const LEARNING: f64 = 0.2;
/// Proposals are fitted to the density to the power 1 − WARMTH: weights suffer more from one too narrow than from one too
/// wide, and warmth lengthens bent arms too.
const WARMTH: f64 = 0.3;
/// Places that a mixture is fitted to, at most: more cost time and improve nothing.
const FITTED: usize = 2000;

/// Samples `density` from `modes` by rounds of importance sampling; all of it follows from `seed`.
///
/// Ends with [`ImportanceStatus::Converged`] when k-hat is below its limit, min(1 − 1/log₁₀ n, 0.7), and the effective
/// sizes are there. A mode that neither the starting modes nor the pilot nor any draw has found is not seen by k-hat.
pub fn importance_sample<D: LogDensity + ?Sized>(
    density: &D,
    modes: &[StartingMode],
    config: &ImportanceConfig,
    seed: u64,
) -> Result<ImportanceRun, SampleError> {
    let dim = density.dim();
    let mut rng = StdRng::seed_from_u64(seed);
    let pilot = run_pilot(density, modes, config, &mut rng)?;
    let warps = choose_warps(density, &pilot);
    let anchors = pilot.anchors.iter().map(|a| warped(a, &warps)).collect();
    let mut rounds = Rounds {
        density,
        config,
        warps,
        anchors,
        kept: Kept::default(),
        proposals: Vec::new(),
        evaluations: pilot.evaluations,
    };
    let mut components = rounds.fit_pilot(&pilot, &mut rng);
    // enough to see all components' surroundings once
    let least = (30 * dim).max(200);
    let mut size = least;
    let mut fitted = 0;
    let mut fresh = true;
    let mut round = 0;
    loop {
        rounds.draw(fresh.then_some(&components), size, &mut rng)?;
        round += 1;
        let last = rounds.last_draws();
        let ess = least_ess(&last.draws);
        let drawn = last.draws.len() as f64;
        let limit = reliable_shape(last.draws.len());
        let reliable = last.pareto_k < limit;
        let spent = rounds.evaluations >= config.max_evaluations;
        // also where all weights are zero and their size is not a number
        let efficient = last.draws.ess() >= 0.01 * drawn;
        let hopeless = round >= PATIENCE && !reliable && !efficient;
        if (ess >= config.min_ess && reliable) || spent || hopeless {
            let status = if !reliable {
                ImportanceStatus::HeavyTail { pareto_k: last.pareto_k, limit }
            } else if ess < config.min_ess {
                ImportanceStatus::EffectiveSize { ess, evaluations: rounds.evaluations, needed: config.min_ess }
            } else {
                ImportanceStatus::Converged
            };
            return Ok(ImportanceRun {
                log_evidence: last.log_evidence,
                log_evidence_error: (1.0 / last.draws.ess() - 1.0 / drawn).max(0.0).sqrt(),
                pareto_k: last.pareto_k,
                ess,
                evaluations: rounds.evaluations,
                pilot_evaluations: pilot.evaluations,
                rounds: round,
                status,
                learnt: rounds.learnt(last.draws.ess() / drawn),
                draws: last.draws,
            });
        }
        // draws in all if the next are as good as those of the last proposal
        let needed = drawn * (config.min_ess / ess.max(1.0)).max(1.1);
        let left = config.max_evaluations.saturating_sub(rounds.evaluations).max(1);
        // a new proposal with hardly any draws left would be worth less than the last one
        fresh = ((fitted as f64) < LEARNING * needed || !reliable) && left as f64 > 0.5 * drawn;
        let total = rounds.kept.len();
        if fresh {
            components = rounds.refit(&components, &mut rng);
            fitted = total;
            size = (1.1 * needed) as usize;
        } else {
            size = (1.05 * needed - drawn) as usize;
        }
        size = size.clamp(least, (if fresh { total } else { 4 * total }).max(least)).min(left);
    }
}

/// A component in the warped coordinates, by the slopes at its centre.
fn warped(component: &Component, warps: &[Warp]) -> Component {
    let dim = warps.len();
    let mean: Vec<f64> = warps.iter().zip(&component.mean).map(|(w, x)| w.inverse(*x)).collect();
    let slopes: Vec<f64> = warps.iter().zip(&mean).map(|(w, y)| (-w.forward(*y).1).exp()).collect();
    let scale = (0..dim * dim).map(|i| component.scale[i] * slopes[i / dim] * slopes[i % dim]).collect();
    Component { weight: component.weight, mean, scale }
}

fn choose_warps<D: LogDensity + ?Sized>(density: &D, pilot: &Pilot) -> Vec<Warp> {
    let dim = density.dim();
    let total: f64 = pilot.counts.iter().sum();
    (0..dim)
        .map(|i| {
            let weighted = || pilot.places.iter().skip(i).step_by(dim).zip(&pilot.counts);
            let mean = weighted().map(|(x, c)| x * c).sum::<f64>() / total;
            let variance = weighted().map(|(x, c)| c * (x - mean).powi(2)).sum::<f64>() / total;
            Warp::choose(density.bounds(i), mean, variance.sqrt())
        })
        .collect()
}

fn least_ess(draws: &WeightedDraws) -> f64 {
    (0..draws.dim()).map(|i| draws.ess_bulk(i).min(draws.ess_tail(i))).fold(draws.ess(), f64::min)
}

/// All draws so far.
#[derive(Default)]
struct Kept {
    /// Draws × dim, in the warped and in the density's own coordinates.
    warped: Vec<f64>,
    positions: Vec<f64>,
    log_density: Vec<f64>,
    /// Log density in the warped coordinates.
    log_target: Vec<f64>,
    /// ln Σ n q over all proposals, n draws from each.
    log_proposals: Vec<f64>,
    /// ln q of the last proposal.
    log_last: Vec<f64>,
}

impl Kept {
    fn len(&self) -> usize {
        self.log_target.len()
    }
}

/// The draws of the last proposal.
struct Last {
    draws: WeightedDraws,
    pareto_k: f64,
    log_evidence: f64,
}

/// ln Σ exp and (Σ exp)²/Σ exp² of logarithms.
fn sums(logs: &[f64]) -> (f64, f64) {
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !highest.is_finite() {
        return (f64::NEG_INFINITY, 0.0);
    }
    let (mut one, mut two) = (0.0, 0.0);
    for l in logs {
        let w = (l - highest).exp();
        one += w;
        two += w * w;
    }
    (highest + one.ln(), one * one / two)
}

struct Rounds<'a, D: LogDensity + ?Sized> {
    density: &'a D,
    config: &'a ImportanceConfig,
    warps: Vec<Warp>,
    /// The starting modes in the warped coordinates.
    anchors: Vec<Component>,
    kept: Kept,
    /// Draws from each proposal.
    proposals: Vec<(usize, Proposal)>,
    evaluations: usize,
}

impl<D: LogDensity + ?Sized> Rounds<'_, D> {
    fn fit_pilot(&self, pilot: &Pilot, rng: &mut StdRng) -> Vec<Component> {
        let dim = self.density.dim();
        let warped: Vec<f64> = pilot.places.chunks_exact(dim).flat_map(|x| self.warp(x)).collect();
        let total: f64 = pilot.counts.iter().sum();
        let weights: Vec<f64> = pilot.counts.iter().map(|c| c / total).collect();
        let places = Places { dim, at: &warped, weights: &weights };
        fit(places, &[], self.config.max_components, rng).unwrap_or_else(|| vec![pooled(places)])
    }

    fn last_draws(&self) -> Last {
        let (dim, kept) = (self.density.dim(), &self.kept);
        let size = self.proposals.last().map_or(0, |p| p.0);
        let first = kept.len() - size;
        let log_weights: Vec<f64> =
            kept.log_target[first..].iter().zip(&kept.log_last[first..]).map(|(t, q)| t - q).collect();
        let log_evidence = sums(&log_weights).0 - (size as f64).ln();
        let draws = WeightedDraws::from_log_weights(
            dim,
            kept.positions[first * dim..].to_vec(),
            kept.log_density[first..].to_vec(),
            &log_weights,
        );
        let mut pareto_k = smooth_tail(&mut log_weights.clone());
        for i in 0..dim {
            let mean = draws.mean(i);
            let terms = log_weights.iter().enumerate();
            let mut terms: Vec<f64> = terms.map(|(n, w)| w + (draws.position(n)[i] - mean).powi(2).ln()).collect();
            let k = smooth_tail(&mut terms);
            pareto_k = pareto_k.max(k);
        }
        Last { draws, pareto_k, log_evidence }
    }

    fn learnt(&self, efficiency: f64) -> Independence {
        let (_, proposal) = self.proposals.last().expect("a round draws from a proposal");
        Independence::new(self.warps.clone(), proposal.clone(), efficiency)
    }

    fn warp(&self, x: &[f64]) -> Vec<f64> {
        self.warps.iter().zip(x).map(|(w, x)| w.inverse(*x)).collect()
    }

    /// A round of `size` draws from a proposal of a new shape, or from the last proposal.
    fn draw(&mut self, components: Option<&[Component]>, size: usize, rng: &mut StdRng) -> Result<(), SampleError> {
        let dim = self.density.dim();
        let (proposal, fresh) = match (components, self.proposals.last()) {
            (Some(components), _) => {
                (Proposal::new(components, dim, self.config.defensive_fraction, &self.anchors), true)
            }
            (None, Some(last)) => (last.1.clone(), false),
            (None, None) => return Ok(()),
        };
        let warped = proposal.draw(size, rng);
        let mut positions = vec![0.0; size * dim];
        let mut log_slopes = vec![0.0; size];
        for ((y, x), slope) in warped.chunks_exact(dim).zip(positions.chunks_exact_mut(dim)).zip(&mut log_slopes) {
            for ((y, x), w) in y.iter().zip(x).zip(&self.warps) {
                let (value, log_slope) = w.forward(*y);
                *x = value;
                *slope += log_slope;
            }
        }
        let log_density = self.evaluate(&positions)?;

        let kept = &mut self.kept;
        let log_size = (size as f64).ln();
        if fresh {
            proposal.log_density(&kept.warped, &mut kept.log_last);
        }
        // what the last proposal would have given the old draws, and the older ones the new draws
        for (sum, q) in kept.log_proposals.iter_mut().zip(&kept.log_last) {
            *sum = log_add(*sum, q + log_size);
        }
        let mut own = vec![0.0; size];
        proposal.log_density(&warped, &mut own);
        let mut sums: Vec<f64> = own.iter().map(|q| q + log_size).collect();
        let mut log_q = vec![0.0; size];
        for (i, (n, earlier)) in self.proposals.iter().enumerate() {
            if !fresh && i + 1 == self.proposals.len() {
                log_q.copy_from_slice(&own);
            } else {
                earlier.log_density(&warped, &mut log_q);
            }
            sums.iter_mut().zip(&log_q).for_each(|(s, q)| *s = log_add(*s, q + (*n as f64).ln()));
        }
        kept.log_target.extend(log_density.iter().zip(&log_slopes).map(|(l, s)| l + s));
        kept.log_proposals.extend(sums);
        kept.log_last.extend(own);
        kept.warped.extend(warped);
        kept.positions.extend(positions);
        kept.log_density.extend(log_density);
        if fresh {
            self.proposals.push((size, proposal));
        } else if let Some(last) = self.proposals.last_mut() {
            last.0 += size;
        }
        Ok(())
    }

    /// Log densities; places beyond the bounds are impossible without asking.
    fn evaluate(&mut self, positions: &[f64]) -> Result<Vec<f64>, SampleError> {
        let dim = self.density.dim();
        let bounds: Vec<_> = (0..dim).map(|i| self.density.bounds(i)).collect();
        let inside = |x: &[f64]| x.iter().zip(&bounds).all(|(x, b)| *x >= b.lower && *x <= b.upper && x.is_finite());
        let wanted: Vec<usize> =
            (0..positions.len() / dim).filter(|i| inside(&positions[i * dim..(i + 1) * dim])).collect();
        let asked: Vec<f64> = wanted.iter().flat_map(|i| positions[i * dim..(i + 1) * dim].iter().copied()).collect();
        let mut found = vec![0.0; wanted.len()];
        evaluate(self.density, self.config.evaluation, &asked, &mut found)?;
        self.evaluations += wanted.len();
        let mut out = vec![f64::NEG_INFINITY; positions.len() / dim];
        wanted.iter().zip(found).for_each(|(i, l)| out[*i] = l);
        Ok(out)
    }

    /// Fitted to all draws, or the old one where they do not suffice. Each draw weighs the density over the mean
    /// of all proposals (deterministic mixture weights, Owen & Zhou 2000), so that a stray draw of one proposal where
    /// others are dense decides nothing.
    fn refit(&self, old: &[Component], rng: &mut StdRng) -> Vec<Component> {
        let dim = self.density.dim();
        let n = self.kept.len();
        let warm = |(t, q): (&f64, &f64)| if t.is_finite() { (1.0 - WARMTH) * t - q } else { *t };
        let log_weights: Vec<f64> = self.kept.log_target.iter().zip(&self.kept.log_proposals).map(warm).collect();
        let weights = tempered(&log_weights, (10.0 * dim as f64).min(n as f64 / 4.0));
        let (at, weights) = thinned(&self.kept.warped, &weights, dim, rng.random());
        let places = Places { dim, at: &at, weights: &weights };
        fit(places, old, self.config.max_components, rng).unwrap_or_else(|| old.to_vec())
    }
}

/// Normalised weights, raised to the highest power up to 1 at which their effective number is at least `effective`, so
/// that a few draws do not decide a fit.
fn tempered(log_weights: &[f64], effective: f64) -> Vec<f64> {
    let power = |beta: f64| log_weights.iter().map(|l| beta * l).collect::<Vec<f64>>();
    let mut beta = 1.0;
    while beta > 1e-3 && sums(&power(beta)).1 < effective {
        beta *= 0.8;
    }
    let logs = power(beta);
    let (sum, _) = sums(&logs);
    logs.iter().map(|l| (l - sum).exp()).collect()
}

/// At most [`FITTED`] places by systematic resampling, equal ones merged.
fn thinned(at: &[f64], weights: &[f64], dim: usize, offset: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut places, mut counts) = (Vec::new(), Vec::new());
    let mut sum = 0.0;
    let mut taken = 0;
    for (y, w) in at.chunks_exact(dim).zip(weights) {
        sum += w;
        let reached = ((sum * FITTED as f64 + offset) as usize).min(FITTED);
        if reached > taken {
            places.extend_from_slice(y);
            counts.push((reached - taken) as f64 / FITTED as f64);
            taken = reached;
        }
    }
    (places, counts)
}
