//! Importance sampling that learns from a density which is nearly the one wanted, and cheaper.
//!
//! ```text
//! guide g     a proposal q is learnt on it by rounds, and its draws weigh  w = g/q
//! choice      each draw is kept with the chance  π = min(1, max(w/c, π₀))
//! weights     p/(q π), the density p being evaluated at the draws that are kept alone
//! ```
//! Keeping draws by chance is the rejection control of Liu, Chen & Wong 1998 (J. Am. Stat. Assoc. 93, 1022, section 2). The
//! draws that are kept are independent draws of q π, which is known, so that their weights are right whatever the guide is; one
//! that is off makes them uneven, which the effective size and k-hat tell. The least chance π₀ bounds what a guide can hide.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::learning::{Learning, Learnt};
use super::pareto::reliable_shape;
use super::rounds::{Rounds, heaviest_tail, sums};
use super::run::{GuideRun, least_ess, log_evidence_error};
use super::{ImportanceConfig, ImportanceRun, ImportanceStatus, StartingMode};
use crate::sample::evaluate::evaluate;
use crate::sample::{LogDensity, SampleError, WeightedDraws};

/// Effective draws of the guide for each one asked for.
const MARGIN: f64 = 1.25;
/// Share of these that the choice leaves on the average; of more, fewer.
const LEFT: f64 = 0.9;
const LEAST_LEFT: f64 = 0.5;
/// Least chance of a draw to be kept.
const LEAST_CHANCE: f64 = 0.02;
/// Times that the last proposal is asked for more draws.
const MORE: usize = 4;

/// Times that the proposals are learnt further, each for twice as many effective draws, where the weights of the density have too
/// heavy a tail though those of the guide have not: k-hat of few draws scatters, and proposals get better with more.
const FURTHER: usize = 2;

/// [`importance_sample`](super::importance_sample) of `density`, its proposals learnt on `guide`, which has the same dimensions
/// and bounds. `config.max_evaluations` are those of the guide, and as many again each time that learning goes on.
pub fn importance_sample_guided<D: LogDensity + ?Sized, G: LogDensity + ?Sized>(
    density: &D,
    guide: &G,
    modes: &[StartingMode],
    config: &ImportanceConfig,
    seed: u64,
) -> Result<ImportanceRun, SampleError> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut learning = Learning::new(guide, modes, config, &mut rng)?;
    let mut min_ess = MARGIN * config.min_ess;
    let mut evaluations = 0;
    for further in 0.. {
        let most = learning.rounds.evaluations() + config.max_evaluations;
        let learnt = learning.go_on(min_ess, most, &mut rng)?;
        let is_learnt = learnt.status == ImportanceStatus::Converged;
        let mut run = choose(density, &mut learning, learnt, min_ess, config, &mut rng)?;
        evaluations += run.evaluations;
        run.evaluations = evaluations;
        if !is_learnt || !matches!(run.status, ImportanceStatus::HeavyTail { .. }) || further == FURTHER {
            return Ok(run);
        }
        min_ess *= 2.0;
    }
    unreachable!("the last time returns")
}

/// Weighs some of the draws of what has been learnt by the density.
fn choose<D: LogDensity + ?Sized, G: LogDensity + ?Sized>(
    density: &D,
    learning: &mut Learning<G>,
    learnt: Learnt,
    min_ess: f64,
    config: &ImportanceConfig,
    rng: &mut StdRng,
) -> Result<ImportanceRun, SampleError> {
    let Learnt { last, ess, status } = learnt;
    let rounds = &mut learning.rounds;
    let most = rounds.evaluations() + config.max_evaluations;
    let left = (LEFT * min_ess / ess).clamp(LEAST_LEFT, LEFT);
    let mut choice = Choice::new(&rounds.last_log_weights(), left);
    let mut more = 0;
    loop {
        choice.evaluate_new(density, rounds, config, rng)?;
        let (draws, log_weights) = choice.weighted(rounds);
        let ess = least_ess(&draws);
        let pareto_k = heaviest_tail(&draws, &log_weights);
        let reliable = pareto_k < reliable_shape(draws.len());
        let spent = rounds.evaluations() >= most || more == MORE;
        if ess.is_nan() || ess >= config.min_ess || !reliable || spent {
            let drawn = choice.seen;
            return Ok(ImportanceRun {
                log_evidence: sums(&log_weights).0 - (drawn as f64).ln(),
                log_evidence_error: log_evidence_error(&draws, drawn),
                pareto_k,
                ess,
                evaluations: choice.evaluations,
                guide: Some(GuideRun { evaluations: rounds.evaluations(), ess: left * effective(rounds), status }),
                pilot_evaluations: learning.pilot_evaluations,
                rounds: learning.count,
                status: ImportanceStatus::of(pareto_k, ess, draws.len(), choice.evaluations, config.min_ess),
                learnt: rounds.learnt(last.draws.ess() / last.draws.len() as f64),
                draws,
            });
        }
        let wanted = choice.seen as f64 * (1.1 * config.min_ess / ess.max(1.0) - 1.0);
        rounds.draw(None, (wanted as usize).clamp(200, 4 * choice.seen), rng)?;
        more += 1;
    }
}

/// Kish's size of the draws of the last proposal, weighted by the guide.
fn effective<G: LogDensity + ?Sized>(rounds: &Rounds<G>) -> f64 {
    sums(&rounds.last_log_weights()).1
}

/// The draws of the last proposal that are kept.
struct Choice {
    /// ln c.
    ln_level: f64,
    /// Draws that have been looked at.
    seen: usize,
    kept: Vec<Kept>,
    evaluations: usize,
}

#[derive(Clone, Copy)]
struct Kept {
    /// Which of the draws of the last proposal.
    draw: usize,
    ln_chance: f64,
    log_density: f64,
}

impl Choice {
    /// With the highest level that leaves this share of the effective draws, on the average.
    fn new(log_weights: &[f64], share: f64) -> Self {
        let highest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = log_weights.iter().map(|l| (l - highest).exp()).collect();
        let whole: f64 = weights.iter().map(|w| w * w).sum();
        let left = |level: f64| whole / weights.iter().map(|w| w * w.max(level)).sum::<f64>();
        // of the highest weight's
        let (mut low, mut high) = (-30.0f64, 0.0f64);
        for _ in 0..20 {
            let middle = 0.5 * (low + high);
            if left(middle.exp()) >= share { low = middle } else { high = middle }
        }
        Self { ln_level: highest + low, seen: 0, kept: Vec::new(), evaluations: 0 }
    }

    /// Chooses among the draws that have not been looked at.
    fn evaluate_new<D: LogDensity + ?Sized, G: LogDensity + ?Sized>(
        &mut self,
        density: &D,
        rounds: &Rounds<G>,
        config: &ImportanceConfig,
        rng: &mut StdRng,
    ) -> Result<(), SampleError> {
        let log_weights = rounds.last_log_weights();
        let new = self.kept.len();
        for (draw, log_weight) in log_weights.iter().enumerate().skip(self.seen) {
            let ln_chance = (log_weight - self.ln_level).clamp(LEAST_CHANCE.ln(), 0.0);
            let chosen = rng.random::<f64>().ln() < ln_chance;
            if chosen && log_weight.is_finite() {
                self.kept.push(Kept { draw, ln_chance, log_density: f64::NEG_INFINITY });
            }
        }
        self.seen = log_weights.len();
        let places: Vec<f64> = self.kept[new..].iter().flat_map(|k| rounds.last_position(k.draw)).copied().collect();
        let mut found = vec![0.0; self.kept.len() - new];
        evaluate(density, config.evaluation, &places, &mut found)?;
        self.kept[new..].iter_mut().zip(found).for_each(|(k, l)| k.log_density = l);
        self.evaluations += self.kept.len() - new;
        Ok(())
    }

    /// The draws that are kept, and their ln p/(q π).
    fn weighted<G: LogDensity + ?Sized>(&self, rounds: &Rounds<G>) -> (WeightedDraws, Vec<f64>) {
        let over_guide = rounds.last_log_weights();
        let guide = rounds.last_log_densities();
        let of = |k: &Kept| over_guide[k.draw] + (k.log_density - guide[k.draw]) - k.ln_chance;
        let log_weights: Vec<f64> = self.kept.iter().map(of).collect();
        let positions = self.kept.iter().flat_map(|k| rounds.last_position(k.draw)).copied().collect();
        let log_density = self.kept.iter().map(|k| k.log_density).collect();
        let draws = WeightedDraws::from_log_weights(rounds.dim(), positions, log_density, &log_weights);
        (draws, log_weights)
    }
}
