//! Draws so far, the proposals they came from, and the next proposal fitted to them.

use rand::RngExt;
use rand::rngs::StdRng;

use super::ImportanceConfig;
use super::bend::Bend;
use super::clustering::{Places, fit, pooled};
use super::independence::Independence;
use super::mixture::Component;
use super::pareto::smooth_tail;
use super::pilot::Pilot;
use super::proposal::{Anchors, Proposal, log_add};
use super::warp::Warp;
use crate::sample::evaluate::evaluate;
use crate::sample::{LogDensity, SampleError, WeightedDraws};

/// Proposals are fitted to the density to the power 1 − WARMTH: weights suffer more from one too narrow than from one too
/// wide, and warmth lengthens bent arms too.
const WARMTH: f64 = 0.3;
/// Power of the density over the last proposal that goes with the weights of places: what the last proposal gave too few draws is
/// to get more of them than its share of the density, since it makes the variance of the weights.
const MISSED: f64 = 0.35;
/// Effective draws for each dimension that a mixture is fitted to, at least.
const EFFECTIVE: f64 = 40.0;
/// Places that a mixture is fitted to, at most: more cost time and improve nothing.
const FITTED: usize = 1200;
/// Places whose quantiles coordinates are bent to, at most.
const BENT_TO: usize = 10_000;

/// A component in the warped coordinates, by the slopes at its centre.
fn warped(component: &Component, warps: &[Warp]) -> Component {
    let dim = warps.len();
    let mean: Vec<f64> = warps.iter().zip(&component.mean).map(|(w, x)| w.inverse(*x)).collect();
    let slopes: Vec<f64> = warps.iter().zip(&mean).map(|(w, y)| (-w.forward(*y).1).exp()).collect();
    let scale = (0..dim * dim).map(|i| component.scale[i] * slopes[i / dim] * slopes[i % dim]).collect();
    Component { weight: component.weight, mean, scale }
}

fn anchors(modes: &[Component], warps: &[Warp], config: &ImportanceConfig) -> Anchors {
    let components: Vec<Component> = modes.iter().map(|mode| warped(mode, warps)).collect();
    Anchors::new(warps.len(), &components, config.defensive_fraction)
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

/// All draws so far.
#[derive(Default)]
struct Kept {
    /// Draws × dim, in the warped and in the density's own coordinates.
    warped: Vec<f64>,
    positions: Vec<f64>,
    log_density: Vec<f64>,
    /// Log density in the warped coordinates.
    log_target: Vec<f64>,
    /// ln Σ n q over all proposals, n draws from each; where these have been mixed.
    log_proposals: Vec<f64>,
    /// ln q of the last proposal, at its draws and, where proposals have been mixed, at all.
    log_last: Vec<f64>,
    /// ln of the density of the anchors.
    log_anchors: Vec<f64>,
}

impl Kept {
    fn len(&self) -> usize {
        self.log_target.len()
    }
}

/// The draws of the last proposal.
pub(super) struct Last {
    pub draws: WeightedDraws,
    pub pareto_k: f64,
    pub log_evidence: f64,
}

/// The greatest of the shapes of the tails of the weights and of their products with the squared deviations of each
/// coordinate, which variances need.
pub(super) fn heaviest_tail(draws: &WeightedDraws, log_weights: &[f64]) -> f64 {
    let mut pareto_k = smooth_tail(&mut log_weights.to_vec());
    for i in 0..draws.dim() {
        let mean = draws.mean(i);
        let terms = log_weights.iter().enumerate();
        let mut terms: Vec<f64> = terms.map(|(n, w)| w + (draws.position(n)[i] - mean).powi(2).ln()).collect();
        pareto_k = pareto_k.max(smooth_tail(&mut terms));
    }
    pareto_k
}

/// ln Σ exp and (Σ exp)²/Σ exp² of logarithms.
pub(super) fn sums(logs: &[f64]) -> (f64, f64) {
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

pub(super) struct Rounds<'a, D: LogDensity + ?Sized> {
    density: &'a D,
    config: &'a ImportanceConfig,
    warps: Vec<Warp>,
    /// The starting modes, in the density's own coordinates and in the warped ones.
    modes: Vec<Component>,
    anchors: Anchors,
    kept: Kept,
    /// Draws from each proposal.
    proposals: Vec<(usize, Proposal)>,
    evaluations: usize,
}

impl<'a, D: LogDensity + ?Sized> Rounds<'a, D> {
    pub fn new(density: &'a D, config: &'a ImportanceConfig, pilot: &Pilot) -> Self {
        let warps = choose_warps(density, pilot);
        let anchors = anchors(&pilot.anchors, &warps, config);
        let (modes, evaluations) = (pilot.anchors.clone(), pilot.evaluations);
        Self { density, config, warps, modes, anchors, kept: Kept::default(), proposals: Vec::new(), evaluations }
    }

    /// Goes over to coordinates in which all draws so far are nearly normal one by one, and forgets the draws. Components fitted to
    /// them in the new coordinates, or nothing (and nothing has changed) where they do not suffice.
    pub fn bend(&mut self, rng: &mut StdRng) -> Option<Vec<Component>> {
        self.mix();
        let dim = self.dim();
        let kept = &self.kept;
        let log_weights: Vec<f64> = kept.log_target.iter().zip(&kept.log_proposals).map(|(t, q)| t - q).collect();
        let weights = limited(&log_weights, EFFECTIVE * dim as f64);
        let (at, weights) = thinned(&kept.warped, &weights, dim, BENT_TO, rng.random());
        let bend = |i: usize| {
            let straight = at.iter().skip(i).step_by(dim).map(|y| self.warps[i].straight(*y));
            let mut draws: Vec<(f64, f64)> = straight.zip(weights.iter().copied()).collect();
            Bend::of_quantiles(&mut draws)
        };
        let bends: Vec<Option<Bend>> = (0..dim).map(bend).collect();
        let (at, weights) = thinned(&kept.warped, &self.fitting_weights(), dim, FITTED, rng.random());
        let bent = |((y, warp), bend): ((&f64, &Warp), &Option<Bend>)| {
            let u = warp.straight(*y);
            bend.map_or(u, |bend| bend.inverse(u))
        };
        let at: Vec<f64> = at.chunks_exact(dim).flat_map(|y| y.iter().zip(&self.warps).zip(&bends).map(bent)).collect();
        let components = fit(&Places::new(dim, &at, &weights), &[], self.config.max_components, rng)?;
        self.warps = self.warps.iter().zip(bends).map(|(warp, bend)| warp.bent(bend)).collect();
        self.anchors = anchors(&self.modes, &self.warps, self.config);
        self.kept = Kept::default();
        self.proposals.clear();
        Some(components)
    }

    /// Draws in all.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    pub fn fit_pilot(&self, pilot: &Pilot, rng: &mut StdRng) -> Vec<Component> {
        let dim = self.density.dim();
        let warped: Vec<f64> = pilot.places.chunks_exact(dim).flat_map(|x| self.warp(x)).collect();
        let total: f64 = pilot.counts.iter().sum();
        let weights: Vec<f64> = pilot.counts.iter().map(|c| c / total).collect();
        let places = Places::new(dim, &warped, &weights);
        fit(&places, &[], self.config.max_components, rng).unwrap_or_else(|| vec![pooled(&places)])
    }

    /// ln g/q of the draws of the last proposal, in their order.
    pub fn last_log_weights(&self) -> Vec<f64> {
        let (kept, first) = (&self.kept, self.first_of_last());
        kept.log_target[first..].iter().zip(&kept.log_last[first..]).map(|(t, q)| t - q).collect()
    }

    /// ln g of them.
    pub fn last_log_densities(&self) -> &[f64] {
        &self.kept.log_density[self.first_of_last()..]
    }

    /// Place of the `draw`-th of them.
    pub fn last_position(&self, draw: usize) -> &[f64] {
        let at = self.first_of_last() + draw;
        &self.kept.positions[at * self.dim()..(at + 1) * self.dim()]
    }

    pub fn dim(&self) -> usize {
        self.density.dim()
    }

    fn first_of_last(&self) -> usize {
        self.kept.len() - self.proposals.last().map_or(0, |p| p.0)
    }

    pub fn last_draws(&self) -> Last {
        let (dim, kept) = (self.density.dim(), &self.kept);
        let first = self.first_of_last();
        let log_weights = self.last_log_weights();
        let log_evidence = sums(&log_weights).0 - (log_weights.len() as f64).ln();
        let draws = WeightedDraws::from_log_weights(
            dim,
            kept.positions[first * dim..].to_vec(),
            kept.log_density[first..].to_vec(),
            &log_weights,
        );
        let pareto_k = heaviest_tail(&draws, &log_weights);
        Last { draws, pareto_k, log_evidence }
    }

    /// The last proposal, as a move of an ensemble; `efficiency`: effective draws a draw.
    pub fn learnt(&self, efficiency: f64) -> Independence {
        let (_, proposal) = self.proposals.last().expect("a round draws from a proposal");
        Independence::new(self.warps.clone(), proposal.clone(), efficiency)
    }

    fn warp(&self, x: &[f64]) -> Vec<f64> {
        self.warps.iter().zip(x).map(|(w, x)| w.inverse(*x)).collect()
    }

    /// A round of `size` draws from a proposal of a new shape, or from the last proposal.
    pub fn draw(&mut self, components: Option<&[Component]>, size: usize, rng: &mut StdRng) -> Result<(), SampleError> {
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
        let mut own = vec![0.0; size];
        let mut log_anchors = vec![0.0; size];
        self.anchors.log_density(&warped, &mut log_anchors);
        proposal.log_density_with(&warped, &log_anchors, &mut own);
        kept.log_target.extend(log_density.iter().zip(&log_slopes).map(|(l, s)| l + s));
        kept.log_last.extend(own);
        kept.log_anchors.extend(log_anchors);
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

    /// Densities of all proposals at all draws, of which those of the last one and at its draws are missing, unless this has been
    /// called since it was made. Only another proposal needs them.
    fn mix(&mut self) {
        if self.kept.log_proposals.len() == self.len() {
            return;
        }
        let first = self.first_of_last();
        let dim = self.dim();
        let Some(((draws, last), earlier)) = self.proposals.split_last() else { return };
        let kept = &mut self.kept;
        let (old, new) = kept.warped.split_at(first * dim);
        let (old_anchors, new_anchors) = kept.log_anchors.split_at(first);
        // what the last proposal would have given the old draws, and the older ones the new draws
        last.log_density_with(old, old_anchors, &mut kept.log_last[..first]);
        let log_draws = (*draws as f64).ln();
        for (sum, q) in kept.log_proposals.iter_mut().zip(&kept.log_last) {
            *sum = log_add(*sum, q + log_draws);
        }
        let mut sums: Vec<f64> = kept.log_last[first..].iter().map(|q| q + log_draws).collect();
        let mut log_q = vec![0.0; sums.len()];
        for (n, proposal) in earlier {
            proposal.log_density_with(new, new_anchors, &mut log_q);
            sums.iter_mut().zip(&log_q).for_each(|(s, q)| *s = log_add(*s, q + (*n as f64).ln()));
        }
        kept.log_proposals.extend(sums);
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

    /// What a draw counts in a fit.
    fn fitting_weights(&self) -> Vec<f64> {
        let (targets, proposals) = (&self.kept.log_target, &self.kept.log_proposals);
        let places = targets.iter().zip(proposals).zip(&self.kept.log_last);
        let weight = |((t, q), last): ((&f64, &f64), &f64)| {
            if t.is_finite() { (1.0 - WARMTH) * t - q + MISSED * (t - last) } else { *t }
        };
        let log_weights: Vec<f64> = places.map(weight).collect();
        limited(&log_weights, (EFFECTIVE * self.dim() as f64).min(self.len() as f64 / 4.0))
    }

    /// Fitted to all draws, or the old one where they do not suffice; the next draws are to be from it. Each draw weighs about
    /// the density over the mean of all proposals (deterministic mixture weights, Owen & Zhou 2000), so that a stray draw of one proposal where
    /// others are dense decides nothing.
    pub fn refit(&mut self, old: &[Component], rng: &mut StdRng) -> Vec<Component> {
        self.mix();
        let dim = self.dim();
        let (at, weights) = thinned(&self.kept.warped, &self.fitting_weights(), dim, FITTED, rng.random());
        let places = Places::new(dim, &at, &weights);
        fit(&places, old, self.config.max_components, rng).unwrap_or_else(|| old.to_vec())
    }
}

/// Normalised weights, none above the highest limit at which their effective number is at least `effective`, so that a few
/// draws do not decide a fit. To limit them keeps the proportions of all others, which to flatten all would not.
fn limited(log_weights: &[f64], effective: f64) -> Vec<f64> {
    let highest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let capped = |cap: f64| log_weights.iter().map(|l| l.min(highest + cap)).collect::<Vec<f64>>();
    let enough = |cap: f64| sums(&capped(cap)).1 >= effective;
    let (mut low, mut high) = (-60.0, 0.0);
    if enough(high) {
        low = high;
    }
    while high - low > 0.05 {
        let middle = 0.5 * (low + high);
        if enough(middle) { low = middle } else { high = middle }
    }
    let logs = capped(low);
    let (sum, _) = sums(&logs);
    logs.iter().map(|l| (l - sum).exp()).collect()
}

/// At most `most` places by systematic resampling, equal ones merged.
fn thinned(at: &[f64], weights: &[f64], dim: usize, most: usize, offset: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut places, mut counts) = (Vec::new(), Vec::new());
    let mut sum = 0.0;
    let mut taken = 0;
    for (y, w) in at.chunks_exact(dim).zip(weights) {
        sum += w;
        let reached = ((sum * most as f64 + offset) as usize).min(most);
        if reached > taken {
            places.extend_from_slice(y);
            counts.push((reached - taken) as f64 / most as f64);
            taken = reached;
        }
    }
    (places, counts)
}
