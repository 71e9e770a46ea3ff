//! The stretch move: a walker moves along the line through it and another walker.

use rand::RngExt;
use rand::rngs::StdRng;

use super::{Move, Proposals, Walkers};

/// ```text
/// y = c + z (x − c),   g(z) ∝ 1/√z on [1/a, a],   factor z^(d−1)
/// ```
/// Goodman & Weare 2010 (CAMCoS 5, 65), equations 7 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Largest stretch `a`, above 1.
    pub scale: f64,
}

impl Default for Stretch {
    fn default() -> Self {
        Self { scale: 2.0 }
    }
}

impl Move for Stretch {
    fn propose(&self, active: &Walkers, complement: &Walkers, rng: &mut StdRng, out: &mut Proposals) {
        out.fill(active, |walker, proposal| {
            let [other] = complement.pick::<1>(rng);
            let u: f64 = rng.random();
            let z = ((self.scale - 1.0) * u + 1.0).powi(2) / self.scale;
            for ((y, x), c) in proposal.iter_mut().zip(walker).zip(other) {
                *y = c + z * (x - c);
            }
            (walker.len() as f64 - 1.0) * z.ln()
        });
    }
}
