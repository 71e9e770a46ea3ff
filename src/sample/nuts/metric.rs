//! The mass matrix, by its inverse, which is an estimate of the covariance of the density.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::stream::Stream;
use crate::sample::bits;

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

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub(super) enum Metric {
    Diagonal(Vec<f64>),
    Dense { covariance: DMatrix<f64>, factor: Cholesky<f64, Dyn> },
}

/// A metric as it is stored: what can be computed again is left out.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Stored {
    Diagonal(#[serde(with = "bits")] Vec<f64>),
    Dense(#[serde(with = "bits")] Vec<f64>),
}

impl From<Metric> for Stored {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::Diagonal(variances) => Self::Diagonal(variances),
            Metric::Dense { covariance, .. } => Self::Dense(covariance.as_slice().to_vec()),
        }
    }
}

impl TryFrom<Stored> for Metric {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        match stored {
            Stored::Diagonal(variances) => Ok(Self::Diagonal(variances)),
            Stored::Dense(entries) => {
                let dim = entries.len().isqrt();
                if dim * dim != entries.len() {
                    return Err("the covariance is not square");
                }
                let covariance = DMatrix::from_vec(dim, dim, entries);
                let factor = Cholesky::new(covariance.clone()).ok_or("the covariance is not positive")?;
                Ok(Self::Dense { covariance, factor })
            }
        }
    }
}

impl Metric {
    pub(super) fn dim(&self) -> usize {
        match self {
            Self::Diagonal(variances) => variances.len(),
            Self::Dense { covariance, .. } => covariance.nrows(),
        }
    }

    pub(super) fn diagonal(variances: Vec<f64>) -> Self {
        Self::Diagonal(variances)
    }

    /// Momentum p ~ N(0, M), M the inverse of the covariance.
    pub(super) fn momentum(&self, rng: &mut Stream, p: &mut [f64]) {
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

    /// The metric learnt from draws (n × dim). With few draws, correlations are drawn to zero a little, and fewer than two a
    /// dimension teach variances alone, if anything.
    pub(super) fn learnt(&self, kind: MetricKind, draws: &[f64], dim: usize) -> Self {
        let n = draws.len() / dim;
        let is_few = n < 2 * dim;
        if n < 3 || (is_few && matches!(self, Self::Dense { .. })) {
            return self.clone();
        }
        let count = n as f64;
        let mean: Vec<f64> = (0..dim).map(|i| draws.iter().skip(i).step_by(dim).sum::<f64>() / count).collect();
        let mut covariance = DMatrix::zeros(dim, dim);
        for x in draws.chunks_exact(dim) {
            for a in 0..dim {
                for b in 0..=a {
                    covariance[(a, b)] += (x[a] - mean[a]) * (x[b] - mean[b]) / (count - 1.0);
                }
            }
        }
        // relative to the variances themselves, as coordinates may differ by many orders of magnitude
        let keep = 1.0 - 1e-3 * 5.0 / (count + 5.0);
        for a in 0..dim {
            if covariance[(a, a)] <= 0.0 {
                covariance[(a, a)] = match self {
                    Self::Diagonal(variances) => variances[a],
                    Self::Dense { covariance, .. } => covariance[(a, a)],
                };
            }
            for b in 0..a {
                covariance[(a, b)] *= keep;
                covariance[(b, a)] = covariance[(a, b)];
            }
        }
        let variances: Vec<f64> = covariance.diagonal().iter().copied().collect();
        match kind {
            MetricKind::Dense if !is_few => match Cholesky::new(covariance.clone()) {
                Some(factor) => Self::Dense { covariance, factor },
                None => Self::Diagonal(variances),
            },
            _ => Self::Diagonal(variances),
        }
    }
}
