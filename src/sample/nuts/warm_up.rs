//! Step size and metric, learnt before the draws that count.

use std::ops::Range;

use super::GradientLogDensity;
use super::chain::Walker;
use super::run::NutsConfig;
use crate::sample::bits;

/// Nesterov's dual averaging of ln(step) towards a mean acceptance (Hoffman & Gelman 2014, section 3.2, with its
/// constants).
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DualAveraging {
    #[serde(with = "bits::one")]
    target: f64,
    #[serde(with = "bits::one")]
    centre: f64,
    #[serde(with = "bits::one")]
    count: f64,
    #[serde(with = "bits::one")]
    error: f64,
    #[serde(with = "bits::one")]
    log_step: f64,
    #[serde(with = "bits::one")]
    log_mean: f64,
}

impl DualAveraging {
    fn new(step: f64, target: f64) -> Self {
        Self { target, centre: (10.0 * step).ln(), count: 0.0, error: 0.0, log_step: step.ln(), log_mean: step.ln() }
    }

    fn update(&mut self, acceptance: f64) {
        const GAMMA: f64 = 0.05;
        const DELAY: f64 = 10.0;
        const KAPPA: f64 = 0.75;
        self.count += 1.0;
        let eta = 1.0 / (self.count + DELAY);
        self.error = (1.0 - eta) * self.error + eta * (self.target - acceptance);
        self.log_step = self.centre - self.error * self.count.sqrt() / GAMMA;
        let weight = self.count.powf(-KAPPA);
        self.log_mean = weight * self.log_step + (1.0 - weight) * self.log_mean;
    }
}

/// Warming up, in the middle: a start without learning of the metric, windows each twice as long as the last, at whose
/// ends the metric is learnt, and an end for the step size alone.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WarmUp {
    /// Transitions made.
    done: usize,
    averaging: DualAveraging,
    /// Positions since the window began.
    #[serde(with = "bits")]
    window: Vec<f64>,
    /// Transitions after which it ends.
    window_end: usize,
}

impl WarmUp {
    pub(super) fn new<D: GradientLogDensity + ?Sized>(density: &D, walker: &mut Walker, config: &NutsConfig) -> Self {
        walker.step = reasonable_step(density, walker);
        Self {
            done: 0,
            averaging: DualAveraging::new(walker.step, config.target_acceptance),
            window: Vec::new(),
            window_end: learning(config).start + (config.warm_up / 40).max(10),
        }
    }

    /// Makes a transition and learns from it.
    pub(super) fn step<D: GradientLogDensity + ?Sized>(
        &mut self,
        density: &D,
        walker: &mut Walker,
        config: &NutsConfig,
    ) {
        let learning = learning(config);
        walker.step = self.averaging.log_step.exp();
        let done = walker.transition(density, config.max_depth);
        self.averaging.update(done.acceptance);
        let i = self.done;
        self.done += 1;
        if !learning.contains(&i) {
            return;
        }
        self.window.extend_from_slice(&walker.point.q);
        if i + 1 == self.window_end.min(learning.end) {
            let dim = walker.point.q.len();
            walker.metric = walker.metric.learnt(config.metric, &self.window, dim);
            let length = self.window.len() / dim;
            self.window.clear();
            // a next window whose follower would not fit takes all that is left
            self.window_end = i + 1 + 2 * length;
            if self.window_end + 4 * length > learning.end {
                self.window_end = learning.end;
            }
            walker.step = self.averaging.log_mean.exp();
            walker.step = reasonable_step(density, walker);
            self.averaging = DualAveraging::new(walker.step, config.target_acceptance);
        }
    }

    pub(super) fn is_done(&self, config: &NutsConfig) -> bool {
        self.done >= config.warm_up
    }

    /// Step size of the draws to come.
    pub(super) fn learnt_step(&self) -> f64 {
        self.averaging.log_mean.exp()
    }

    /// Whether it holds whole positions, which a file may not ensure.
    pub(super) fn is_whole(&self, dim: usize) -> bool {
        self.window.len().is_multiple_of(dim)
    }
}

/// Transitions from which the metric is learnt.
fn learning(config: &NutsConfig) -> Range<usize> {
    config.warm_up * 3 / 40..config.warm_up - config.warm_up / 20
}

/// A step at which one leapfrog is accepted about half the time (Hoffman & Gelman 2014, algorithm 4).
fn reasonable_step<D: GradientLogDensity + ?Sized>(density: &D, walker: &mut Walker) -> f64 {
    const DOUBLINGS: usize = 60;
    let mut step = if walker.step.is_finite() && walker.step > 0.0 { walker.step } else { 1.0 };
    let mut point = walker.point.clone();
    let mut direction = 0.0;
    for _ in 0..DOUBLINGS {
        point.refresh(&walker.metric, &mut walker.rng);
        let error = point.step(density, &walker.metric, step).energy() - point.energy();
        walker.evaluations += 1;
        let now = if error.is_nan() || error > 0.8f64.recip().ln() { -1.0 } else { 1.0 };
        if direction == 0.0 {
            direction = now;
        } else if now != direction {
            break;
        }
        step *= if direction > 0.0 { 2.0 } else { 0.5 };
    }
    step
}
