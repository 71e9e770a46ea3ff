//! The mass matrix, by its inverse, which is an estimate of the covariance of the density.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

/// Which covariances the mass matrix follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// Variances only.
    Diagonal,
    /// All; pays for itself below some tens of dimensions.
    #[default]
    Dense,
}

#[derive(Clone, Debug)]
pub(super) enum Metric {
    Diagonal(Vec<f64>),
    Dense { covariance: DMatrix<f64>, factor: Cholesky<f64, Dyn> },
}

impl Metric {
    pub(super) fn diagonal(variances: Vec<f64>) -> Self {
        Self::Diagonal(variances)
    }

    /// Momentum p ~ N(0, M), M the inverse of the covariance.
    pub(super) fn momentum(&self, rng: &mut StdRng, p: &mut [f64]) {
        p.iter_mut().for_each(|p| *p = rng.sample(StandardNormal));
        match self {
            Self::Diagonal(variances) => p.iter_mut().zip(variances).for_each(|(p, v)| *p /= v.sqrt()),
            Self::Dense { factor, .. } => {
                // C = L Lᵀ, so L⁻ᵀ z has the covariance C⁻¹
                let mut z = DVector::from_column_slice(p);
                factor.l_dirty().tr_solve_lower_triangular_mut(&mut z);
                p.copy_from_slice(z.as_slice());
            }
        }
    }

    /// Velocity M⁻¹ p.
    pub(super) fn velocity(&self, p: &[f64], v: &mut [f64]) {
        match self {
            Self::Diagonal(variances) => {
                v.iter_mut().zip(p).zip(variances).for_each(|((v, p), variance)| *v = variance * p)
            }
            Self::Dense { covariance, .. } => {
                for (v, column) in v.iter_mut().zip(covariance.column_iter()) {
                    *v = column.iter().zip(p).map(|(c, p)| c * p).sum();
                }
            }
        }
    }

    /// The metric learnt from draws (n × dim). With few draws, correlations are drawn to zero with the weight of five
    /// draws, as are variances to those of `self`.
    pub(super) fn learnt(&self, kind: MetricKind, draws: &[f64], dim: usize) -> Self {
        let n = (draws.len() / dim) as f64;
        if n < 3.0 {
            return self.clone();
        }
        let mean: Vec<f64> = (0..dim).map(|i| draws.iter().skip(i).step_by(dim).sum::<f64>() / n).collect();
        let mut covariance = DMatrix::zeros(dim, dim);
        for x in draws.chunks_exact(dim) {
            for a in 0..dim {
                for b in 0..=a {
                    covariance[(a, b)] += (x[a] - mean[a]) * (x[b] - mean[b]) / (n - 1.0);
                }
            }
        }
        let keep = n / (n + 5.0);
        for a in 0..dim {
            let old = match self {
                Self::Diagonal(variances) => variances[a],
                Self::Dense { covariance, .. } => covariance[(a, a)],
            };
            // the old variance is a mere guess at first, so it counts a thousandth
            covariance[(a, a)] = covariance[(a, a)] * keep + 1e-3 * old * (1.0 - keep);
            for b in 0..a {
                covariance[(a, b)] *= keep;
                covariance[(b, a)] = covariance[(a, b)];
            }
        }
        let variances: Vec<f64> = covariance.diagonal().iter().copied().collect();
        match kind {
            MetricKind::Diagonal => Self::Diagonal(variances),
            MetricKind::Dense => match Cholesky::new(covariance.clone()) {
                Some(factor) => Self::Dense { covariance, factor },
                None => Self::Diagonal(variances),
            },
        }
    }
}
