//! Proposals for one half of an ensemble from the places of the other half, and weighted mixtures of them.
//!
//! A move sees the walkers to be moved and the complement, the half that stands still meanwhile; it writes proposals and
//! the logarithm of the factor by which the Metropolis ratio is to be multiplied (0 where proposing forth and
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

/// Some of the walkers of an ensemble.
#[derive(Clone, Copy, Debug)]
pub struct Walkers<'a> {
    positions: &'a [f64],
    indices: &'a [usize],
    dim: usize,
}

impl<'a> Walkers<'a> {
    /// The walkers `indices` of `positions` (walkers × dim).
    pub fn new(positions: &'a [f64], indices: &'a [usize], dim: usize) -> Self {
        Self { positions, indices, dim }
    }

    fn get(&self, i: usize) -> &'a [f64] {
        let start = self.indices[i] * self.dim;
        &self.positions[start..start + self.dim]
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f64]> {
        let whole = *self;
        (0..self.indices.len()).map(move |i| whole.get(i))
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

/// What is proposed to the walkers of one half.
#[derive(Debug)]
pub struct Proposals<'a> {
    dim: usize,
    positions: &'a mut [f64],
    /// Logarithm of the factor on each Metropolis ratio.
    factors: &'a mut [f64],
}

impl<'a> Proposals<'a> {
    /// Room for one position and one factor a walker.
    pub fn new(dim: usize, positions: &'a mut [f64], factors: &'a mut [f64]) -> Self {
        Self { dim, positions, factors }
    }

    /// Fills in a proposal for each of `walkers` by `propose`, which writes to its second argument and returns the factor.
    pub(crate) fn fill(&mut self, walkers: &Walkers, mut propose: impl FnMut(&[f64], &mut [f64]) -> f64) {
        let places = self.positions.chunks_exact_mut(self.dim).zip(self.factors.iter_mut());
        for ((position, factor), walker) in places.zip(walkers.iter()) {
            *factor = propose(walker, position);
        }
    }
}

/// A way to propose new places to one half of the walkers.
pub trait Move: Send + Sync {
    /// Proposes a place to each walker of `active`, given those of `complement`.
    fn propose(&self, active: &Walkers, complement: &Walkers, rng: &mut StdRng, out: &mut Proposals);
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

    /// This mixture, and `one` in a `share` (below 1) of all steps.
    pub fn with(mut self, share: f64, one: impl Move + 'static) -> Result<Self, SampleError> {
        if !(0.0..1.0).contains(&share) {
            return Err(SampleError::NoMove);
        }
        self.moves.push((self.total * share / (1.0 - share), Box::new(one)));
        Self::new(self.moves)
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
                (0.8, Box::new(DifferentialEvolution::default())),
                (0.1, Box::new(Snooker::default())),
                (0.1, Box::new(Stretch::default())),
            ],
            total: 1.0,
        }
    }
}
