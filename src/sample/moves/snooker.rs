//! The snooker move: a walker moves along its line to another walker, by the difference of two more projected onto it.

use rand::RngExt;
use rand::rngs::StdRng;

use super::{Move, Proposals, Walkers};

/// ```text
/// e = (x − z)/|x − z|,   y = x + γ e (e·z₁ − e·z₂),   γ ~ U(γ_min, γ_max),   factor (|y − z|/|x − z|)^(d−1)
/// ```
/// ter Braak & Vrugt 2008 (Stat. Comput. 18, 435), equations 3 and 4; z, z₁ and z₂ are three different walkers of the
/// complement. The exponent is d − 1: along the line, volume in d dimensions grows with distance from z to that power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snooker {
    pub gamma_min: f64,
    pub gamma_max: f64,
}

impl Default for Snooker {
    fn default() -> Self {
        Self { gamma_min: 1.2, gamma_max: 2.2 }
    }
}

impl Move for Snooker {
    fn propose(&self, active: &Walkers, complement: &Walkers, rng: &mut StdRng, out: &mut Proposals) {
        out.fill(active, |walker, proposal| {
            let [anchor, first, second] = complement.pick::<3>(rng);
            let gamma = self.gamma_min + (self.gamma_max - self.gamma_min) * rng.random::<f64>();
            let mut distance2 = 0.0;
            let mut along = 0.0;
            for i in 0..walker.len() {
                let line = walker[i] - anchor[i];
                distance2 += line * line;
                along += line * (first[i] - second[i]);
            }
            // y − z = stretch (x − z), so the factor needs no second norm
            let stretch = 1.0 + gamma * along / distance2;
            if !stretch.is_finite() || stretch == 0.0 {
                proposal.copy_from_slice(walker);
                return f64::NEG_INFINITY;
            }
            for ((y, x), z) in proposal.iter_mut().zip(walker).zip(anchor) {
                *y = z + stretch * (x - z);
            }
            (walker.len() as f64 - 1.0) * stretch.abs().ln()
        });
    }
}
