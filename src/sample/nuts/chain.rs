//! One chain of the no-U-turn sampler: warming up, then its draws.

use super::GradientLogDensity;
use super::metric::{Metric, MetricKind};
use super::run::{NutsConfig, Spread};
use super::stream::Stream;
use super::tree::{Point, Transition, transition};
use super::unbounded::Unbounded;
use super::warm_up::WarmUp;
use crate::sample::{Every, bits};

/// Where a chain is and how it moves.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Walker {
    pub point: Point,
    pub metric: Metric,
    #[serde(with = "bits::one")]
    pub step: f64,
    #[serde(with = "super::stream")]
    pub rng: Stream,
    pub evaluations: usize,
}

impl Walker {
    pub(super) fn transition<D: GradientLogDensity + ?Sized>(&mut self, density: &D, max_depth: usize) -> Transition {
        let done = transition(density, &self.metric, self.step, max_depth, &mut self.point, &mut self.rng);
        self.evaluations += done.leapfrogs;
        done
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    New,
    WarmUp(WarmUp),
    Draws,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneChain {
    pub walker: Walker,
    stage: Stage,
    /// Draws × dim.
    #[serde(with = "bits")]
    pub positions: Vec<f64>,
    #[serde(with = "bits")]
    pub log_density: Vec<f64>,
    /// Sum over the draws.
    #[serde(with = "bits::one")]
    pub acceptance: f64,
    pub divergences: usize,
    pub cut: usize,
}

impl OneChain {
    pub(super) fn new<D: GradientLogDensity + ?Sized>(
        density: &Unbounded<D>,
        start: &[f64],
        (spread, kind): (Spread, MetricKind),
        rng: Stream,
    ) -> Self {
        let y = density.unbounded(start);
        let unit = Metric::diagonal(vec![1.0; y.len()]);
        let metric = match spread {
            // beside a limit the slope may vanish; a logit or a logarithm varies by a few at most
            Spread::Deviations(deviations) => Metric::diagonal(
                density
                    .slopes(&y)
                    .iter()
                    .zip(deviations)
                    .map(|(d, s)| if *d == 1.0 { s * s } else { (s / d).powi(2).min(4.0) })
                    .collect(),
            ),
            Spread::Draws(draws) => {
                let places: Vec<f64> = draws.iter().flat_map(|x| density.unbounded(x)).collect();
                unit.learnt(kind, &places, y.len())
            }
            Spread::Unknown => unit,
        };
        Self {
            walker: Walker { point: Point::new(density, y), metric, step: 1.0, rng, evaluations: 1 },
            stage: Stage::New,
            positions: Vec::new(),
            log_density: Vec::new(),
            acceptance: 0.0,
            divergences: 0,
            cut: 0,
        }
    }

    /// Draws stored so far.
    pub(super) fn draws(&self) -> usize {
        self.log_density.len()
    }

    pub(super) fn dim(&self) -> usize {
        self.walker.point.q.len()
    }

    /// Whether all of it has so many dimensions, which a file may not ensure.
    pub(super) fn is_whole(&self, dim: usize) -> bool {
        let is_whole_stage = match &self.stage {
            Stage::WarmUp(warm_up) => warm_up.is_whole(dim),
            Stage::New | Stage::Draws => true,
        };
        is_whole_stage
            && self.walker.point.has_dim(dim)
            && self.walker.metric.dim() == dim
            && self.positions.len() == self.log_density.len() * dim
    }

    /// Goes on until there are `until` draws, or the next checkpoint is due.
    pub(super) fn go_on<D: GradientLogDensity + ?Sized>(
        &mut self,
        density: &Unbounded<D>,
        config: &NutsConfig,
        until: usize,
        every: Every,
    ) {
        let mut round = every.begin();
        while self.draws() < until && round.goes_on() {
            match &mut self.stage {
                Stage::New => self.stage = Stage::WarmUp(WarmUp::new(density, &mut self.walker, config)),
                Stage::WarmUp(warm_up) if warm_up.is_done(config) => {
                    self.walker.step = warm_up.learnt_step();
                    self.stage = Stage::Draws;
                }
                Stage::WarmUp(warm_up) => warm_up.step(density, &mut self.walker, config),
                Stage::Draws => self.draw(density, config),
            }
        }
    }

    fn draw<D: GradientLogDensity + ?Sized>(&mut self, density: &Unbounded<D>, config: &NutsConfig) {
        let done = self.walker.transition(density, config.max_depth);
        self.acceptance += done.acceptance;
        self.divergences += usize::from(done.diverged);
        self.cut += usize::from(done.cut);
        let point = &self.walker.point;
        let from = self.positions.len();
        self.positions.resize(from + point.q.len(), 0.0);
        density.to_bounded(&point.q, &mut self.positions[from..]);
        // the density in its own coordinates, without the slope
        let slope: f64 = density.slopes(&point.q).iter().map(|s| s.ln()).sum();
        self.log_density.push(point.log_density - slope);
    }
}
