//! Draws that carry weights, and what they say about each coordinate.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Draws with weights that sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedDraws {
    dim: usize,
    positions: Vec<f64>,
    log_density: Vec<f64>,
    weights: Vec<f64>,
}

/// Equally weighted draws chosen among weighted ones.
#[derive(Clone, Debug, PartialEq)]
pub struct EqualDraws {
    /// Index of each draw among the weighted ones, ascending; heavy draws come more than once.
    pub indices: Vec<usize>,
    /// Number of independent draws that these are worth: 1/(1/ess + 1/n), Kish's size of the weighted draws with the loss by
    /// independent resampling; systematic resampling loses less, so this is a lower bound.
    pub effective_size: f64,
}

impl WeightedDraws {
    /// `positions` is draws × dim; the weights are given by their logarithms, up to a constant.
    pub(super) fn from_log_weights(
        dim: usize,
        positions: Vec<f64>,
        log_density: Vec<f64>,
        log_weights: &[f64],
    ) -> Self {
        debug_assert_eq!(positions.len(), dim * log_weights.len());
        let highest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = log_weights.iter().map(|l| (l - highest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        Self { dim, positions, log_density, weights }
    }

    pub fn len(&self) -> usize {
        self.weights.len()
    }
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
    pub fn dim(&self) -> usize {
        self.dim
    }
    pub fn position(&self, draw: usize) -> &[f64] {
        &self.positions[draw * self.dim..(draw + 1) * self.dim]
    }
    pub fn log_density(&self, draw: usize) -> f64 {
        self.log_density[draw]
    }
    /// One weight a draw; they sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
    /// One coordinate of all draws.
    pub fn parameter(&self, coordinate: usize) -> Vec<f64> {
        self.positions.iter().skip(coordinate).step_by(self.dim).copied().collect()
    }

    /// Kish's effective sample size, 1/Σ w².
    pub fn ess(&self) -> f64 {
        1.0 / self.weights.iter().map(|w| w * w).sum::<f64>()
    }

    /// Weighted mean of any function of the position.
    pub fn mean_of(&self, value: impl Fn(&[f64]) -> f64) -> f64 {
        self.positions
            .chunks_exact(self.dim)
            .zip(&self.weights)
            .filter(|(_, w)| **w > 0.0)
            .map(|(x, w)| w * value(x))
            .sum()
    }

    /// Number of independent draws that would give the mean of `value` as well: Var(f)/Σ w² (f − mean)².
    pub fn ess_of(&self, value: impl Fn(&[f64]) -> f64) -> f64 {
        let mean = self.mean_of(&value);
        let (mut spread, mut error) = (0.0, 0.0);
        for (x, w) in self.positions.chunks_exact(self.dim).zip(&self.weights).filter(|(_, w)| **w > 0.0) {
            let square = (value(x) - mean).powi(2);
            spread += w * square;
            error += w * w * square;
        }
        if error > 0.0 { spread / error } else { f64::NAN }
    }

    pub fn mean(&self, coordinate: usize) -> f64 {
        self.mean_of(|x| x[coordinate])
    }
    pub fn variance(&self, coordinate: usize) -> f64 {
        let mean = self.mean(coordinate);
        self.mean_of(|x| (x[coordinate] - mean).powi(2))
    }

    /// Effective size for the mean of a coordinate.
    pub fn ess_bulk(&self, coordinate: usize) -> f64 {
        self.ess_of(|x| x[coordinate])
    }

    /// The smaller of the effective sizes for the 5 % and the 95 % quantile of a coordinate.
    pub fn ess_tail(&self, coordinate: usize) -> f64 {
        let quantiles = self.quantiles(coordinate, &[0.05, 0.95]);
        quantiles
            .iter()
            .map(|q| self.ess_of(|x| f64::from(u8::from(x[coordinate] <= *q))))
            .fold(f64::INFINITY, f64::min)
    }

    /// Quantiles of a coordinate: where the sum of the weights, each draw's half at the draw, reaches each probability;
    /// linear between draws.
    pub fn quantiles(&self, coordinate: usize, probabilities: &[f64]) -> Vec<f64> {
        let mut order: Vec<(f64, f64)> = self
            .parameter(coordinate)
            .into_iter()
            .zip(self.weights.iter().copied())
            .filter(|(_, w)| *w > 0.0)
            .collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        let at: Vec<f64> = order
            .iter()
            .map(|(_, w)| {
                sum += w;
                sum - 0.5 * w
            })
            .collect();
        let quantile = |p: f64| match at.partition_point(|c| *c < p) {
            _ if at.is_empty() => f64::NAN,
            0 => order[0].0,
            i if i == at.len() => order[i - 1].0,
            i => {
                let fraction = (p - at[i - 1]) / (at[i] - at[i - 1]);
                order[i - 1].0 + fraction * (order[i].0 - order[i - 1].0)
            }
        };
        probabilities.iter().map(|p| quantile(*p)).collect()
    }

    /// The draw with the highest log density; `None` if there are none.
    pub fn best(&self) -> Option<usize> {
        (0..self.len()).max_by(|a, b| self.log_density[*a].total_cmp(&self.log_density[*b]))
    }

    /// `draws` equally weighted draws by systematic resampling: a comb of equal teeth with one random offset laid over the
    /// sum of the weights, so that each draw comes ⌊n w⌋ or ⌈n w⌉ times.
    pub fn resample(&self, draws: usize, seed: u64) -> EqualDraws {
        let offset: f64 = StdRng::seed_from_u64(seed).random();
        let mut indices = Vec::with_capacity(draws);
        let (mut sum, mut i) = (0.0, 0);
        let last = self.weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
        if !self.is_empty() {
            sum += self.weights[0];
            for tooth in 0..draws {
                let at = (tooth as f64 + offset) / draws as f64;
                while sum <= at && i < last {
                    i += 1;
                    sum += self.weights[i];
                }
                indices.push(i);
            }
        }
        EqualDraws { effective_size: 1.0 / (1.0 / self.ess() + 1.0 / draws as f64), indices }
    }
}
