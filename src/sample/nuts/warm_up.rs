//! Step size and metric, learnt before the draws that count.

use rand::rngs::StdRng;

use super::GradientLogDensity;
use super::metric::{Metric, MetricKind};
use super::tree::{Point, transition};

/// Nesterov's dual averaging of ln(step) towards a mean acceptance (Hoffman & Gelman 2014, section 3.2, with its
/// constants).
#[derive(Clone, Debug)]
struct DualAveraging {
    target: f64,
    centre: f64,
    count: f64,
    error: f64,
    log_step: f64,
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

/// What warming up has learnt.
pub(super) struct Warm {
    pub point: Point,
    pub metric: Metric,
    pub step: f64,
    pub leapfrogs: usize,
}

/// Warms up for `steps` transitions: a start without learning of the metric, windows each twice as long as the last, at
/// whose ends the metric is learnt, and an end for the step size alone.
pub(super) fn warm_up<D: GradientLogDensity + ?Sized>(
    density: &D,
    point: Point,
    metric: Metric,
    kind: MetricKind,
    (steps, target, max_depth): (usize, f64, usize),
    rng: &mut StdRng,
) -> Warm {
    let dim = point.q.len();
    let (first, last) = (steps * 3 / 40, steps - steps / 20);
    let mut window_end = first + (steps / 40).max(10);
    let mut warm = Warm { point, metric, step: 1.0, leapfrogs: 0 };
    warm.step = reasonable_step(density, &mut warm, rng);
    let mut averaging = DualAveraging::new(warm.step, target);
    let mut draws = Vec::new();
    for i in 0..steps {
        let done = transition(density, &warm.metric, averaging.log_step.exp(), max_depth, &mut warm.point, rng);
        warm.leapfrogs += done.leapfrogs;
        averaging.update(done.acceptance);
        if i >= first && i < last {
            draws.extend_from_slice(&warm.point.q);
            if i + 1 == window_end.min(last) {
                warm.metric = warm.metric.learnt(kind, &draws, dim);
                let length = draws.len() / dim;
                draws.clear();
                // a next window whose follower would not fit takes all that is left
                window_end = i + 1 + 2 * length;
                if window_end + 4 * length > last {
                    window_end = last;
                }
                warm.step = averaging.log_mean.exp();
                warm.step = reasonable_step(density, &mut warm, rng);
                averaging = DualAveraging::new(warm.step, target);
            }
        }
    }
    warm.step = averaging.log_mean.exp();
    warm
}

/// A step at which one leapfrog is accepted about half the time (Hoffman & Gelman 2014, algorithm 4).
fn reasonable_step<D: GradientLogDensity + ?Sized>(density: &D, warm: &mut Warm, rng: &mut StdRng) -> f64 {
    const DOUBLINGS: usize = 60;
    let mut step = if warm.step.is_finite() && warm.step > 0.0 { warm.step } else { 1.0 };
    let mut point = warm.point.clone();
    let mut direction = 0.0;
    for _ in 0..DOUBLINGS {
        point.refresh(&warm.metric, rng);
        let error = point.step(density, &warm.metric, step).energy() - point.energy();
        warm.leapfrogs += 1;
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
