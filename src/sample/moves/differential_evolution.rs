//! The differential-evolution move: a walker moves by a multiple of the difference of two others.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

use super::{Move, Proposals, Walkers};

/// ```text
/// y = x + γ (z₁ − z₂),   γ = γ₀ (1 + s n),   n ~ N(0, 1),   γ₀ = 2.38/√(2d)
/// ```
/// and now and then γ = 1 + s n, which carries a walker from one mode of the density to another.
///
/// ter Braak 2006 (Stat. Comput. 16, 239). There a small normal vector is added to each proposal so that every place can
/// be reached; here the length of the jump varies instead, which keeps the move affine invariant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DifferentialEvolution {
    /// γ₀; 2.38/√(2d) if `None`.
    pub gamma: Option<f64>,
    /// Relative scatter `s` of the jump's length.
    pub scatter: f64,
    /// Probability of a jump with γ = 1.
    pub mode_jump_probability: f64,
}

impl Default for DifferentialEvolution {
    fn default() -> Self {
        Self { gamma: None, scatter: 0.01, mode_jump_probability: 0.1 }
    }
}

impl Move for DifferentialEvolution {
    fn propose(&self, active: &Walkers, complement: &Walkers, rng: &mut StdRng, out: &mut Proposals) {
        out.fill(active, |walker, proposal| {
            let [first, second] = complement.pick::<2>(rng);
            let centre = if rng.random::<f64>() < self.mode_jump_probability {
                1.0
            } else {
                self.gamma.unwrap_or(2.38 / (2.0 * walker.len() as f64).sqrt())
            };
            let gamma = centre * (1.0 + self.scatter * rng.sample::<f64, _>(StandardNormal));
            for (((y, x), a), b) in proposal.iter_mut().zip(walker).zip(first).zip(second) {
                *y = x + gamma * (a - b);
            }
            0.0
        });
    }
}
