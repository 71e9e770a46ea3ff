//! Proposals for one half of an ensemble from the places of the other half, and weighted mixtures of them.
//!
//! A move sees the walker to be moved and the complement, the half that stands still meanwhile; it writes a proposal and
//! returns the logarithm of the factor by which the Metropolis ratio is to be multiplied (0 where proposing forth and
//! back is equally likely). Each of these moves alone leaves any density unchanged, and all are affine invariant.

mod differential_evolution;
mod snooker;
mod stretch;

use rand::RngExt;
use rand::rngs::StdRng;

pub use differential_evolution::DifferentialEvolution;
pub use snooker::Snooker;
pub use stretch::Stretch;

use super::SampleError;

/// The walkers that stand still while the others move.
#[derive(Clone, Copy, Debug)]
pub struct Complement<'a> {
    positions: &'a [f64],
    indices: &'a [usize],
    dim: usize,
}

impl<'a> Complement<'a> {
    /// The walkers `indices` of `positions` (walkers × dim).
    pub fn new(positions: &'a [f64], indices: &'a [usize], dim: usize) -> Self {
        Self { positions, indices, dim }
    }

    fn get(&self, i: usize) -> &'a [f64] {
        let start = self.indices[i] * self.dim;
        &self.positions[start..start + self.dim]
    }

    /// `N` different walkers, each ordered choice equally likely. Ensembles have at least three in each half.
    fn pick<const N: usize>(&self, rng: &mut StdRng) -> [&'a [f64]; N] {
        let mut chosen = [usize::MAX; N];
        for k in 0..N {
            loop {
                let i = rng.random_range(0..self.indices.len());
                if !chosen[..k].contains(&i) {
                    chosen[k] = i;
                    break;
                }
            }
        }
        chosen.map(|i| self.get(i))
    }
}

/// A way to propose a walker a new place.
pub trait Move: Send + Sync {
    /// Writes a proposal for `walker` and returns the log of the factor on the Metropolis ratio.
    fn propose(&self, walker: &[f64], complement: &Complement, rng: &mut StdRng, proposal: &mut [f64]) -> f64;
}

/// Moves with weights; each step of the ensemble takes one of them with a probability in proportion to its weight.
pub struct Mixture {
    moves: Vec<(f64, Box<dyn Move>)>,
    total: f64,
}

impl Mixture {
    /// Fails unless the weights are finite, not negative, and at least one is positive.
    pub fn new(moves: Vec<(f64, Box<dyn Move>)>) -> Result<Self, SampleError> {
        let total: f64 = moves.iter().map(|m| m.0).sum();
        if !(total > 0.0 && total.is_finite() && moves.iter().all(|m| m.0 >= 0.0)) {
            return Err(SampleError::NoMove);
        }
        Ok(Self { moves, total })
    }

    /// One move alone.
    pub fn single(one: impl Move + 'static) -> Self {
        Self { moves: vec![(1.0, Box::new(one))], total: 1.0 }
    }

    pub(super) fn pick(&self, rng: &mut StdRng) -> &dyn Move {
        let mut left = rng.random::<f64>() * self.total;
        let mut chosen = self.moves.len() - 1;
        for (i, (weight, _)) in self.moves.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                chosen = i;
                break;
            }
        }
        self.moves[chosen].1.as_ref()
    }
}

impl Default for Mixture {
    /// Mostly differential evolution, which mixes fastest in 5 to 15 dimensions; snooker moves cross between modes, and
    /// stretch moves recover walkers that have strayed.
    fn default() -> Self {
        Self {
            moves: vec![
                (0.7, Box::new(DifferentialEvolution::default())),
                (0.2, Box::new(Snooker::default())),
                (0.1, Box::new(Stretch::default())),
            ],
            total: 1.0,
        }
    }
}
