//! What an importance sampler has learnt, for walkers to go on with.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::ImportanceRun;
use super::proposal::Proposal;
use super::warp::Warp;
use crate::sample::moves::{Move, Proposals, Walkers};
use crate::sample::{LogDensity, bits};

/// Least and most of the steps of walkers that go on with what was learnt, and the share for each effective draw a draw.
const SHARES: (f64, f64) = (0.05, 0.5);
const SHARE_PER_EFFICIENCY: f64 = 10.0;

/// Proposes draws from a fixed density, wherever the walkers are.
///
/// ```text
/// y ~ q,     factor q(x) / q(y)
/// ```
/// Tierney 1994 (Ann. Stat. 22, 1701), section 2.3.3. Weights with a tail too heavy to be relied on make walkers wait where the
/// density is high over q; other moves of the mixture take them away.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Independence {
    warps: Vec<Warp>,
    proposal: Proposal,
    #[serde(with = "bits::one")]
    share: f64,
}

impl Independence {
    /// `efficiency`: effective draws for each draw of the proposal.
    pub(super) fn new(warps: Vec<Warp>, proposal: Proposal, efficiency: f64) -> Self {
        let (least, most) = SHARES;
        let share = (SHARE_PER_EFFICIENCY * efficiency).max(least).min(most);
        Self { warps, proposal, share }
    }

    /// Share of steps in which it serves well beside other moves: more where more of its proposals are accepted.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Dimensions of the density that it was learnt from; 0 if it was put together from parts that do not fit.
    pub fn dim(&self) -> usize {
        let dim = self.warps.len();
        if self.proposal.fits(dim) { dim } else { 0 }
    }

    /// Place of the warped coordinates `y`, and ln |dx/dy|.
    fn forward(&self, y: &[f64], x: &mut [f64]) -> f64 {
        let mut log_slope = 0.0;
        for ((x, y), warp) in x.iter_mut().zip(y).zip(&self.warps) {
            let (value, slope) = warp.forward(*y);
            *x = value;
            log_slope += slope;
        }
        log_slope
    }
}

impl Move for Independence {
    fn propose(&self, active: &Walkers, _: &Walkers, rng: &mut StdRng, out: &mut Proposals) {
        let dim = self.warps.len();
        let mut places: Vec<f64> =
            active.iter().flat_map(|x| self.warps.iter().zip(x).map(|(warp, x)| warp.inverse(*x))).collect();
        let walkers = places.len() / dim;
        places.extend(self.proposal.draw(walkers, rng));
        let mut log_q = vec![0.0; 2 * walkers];
        self.proposal.log_density(&places, &mut log_q);
        let (here, there) = places.split_at(walkers * dim);
        let mut walker = 0;
        let mut scratch = vec![0.0; dim];
        out.fill(active, |_, proposed| {
            let of = |column: &[f64]| column[walker * dim..(walker + 1) * dim].to_vec();
            let (from, to) = (of(here), of(there));
            let slopes = (self.forward(&from, &mut scratch), self.forward(&to, proposed));
            let factor = (log_q[walker] - slopes.0) - (log_q[walkers + walker] - slopes.1);
            walker += 1;
            // Beyond this the way back is not exact.
            let known = to.iter().zip(&self.warps).all(|(y, warp)| warp.is_exact(*y));
            if known { factor } else { f64::NEG_INFINITY }
        });
    }
}

/// Share of the draws' standard deviation by which walkers that start at them are moved: equal ones would stay together.
const APART: f64 = 1e-2;

impl ImportanceRun {
    /// `walkers` places to start from, drawn from the draws by their weights; nothing where these are too few.
    pub fn walkers<D: LogDensity + ?Sized>(&self, density: &D, walkers: usize, seed: u64) -> Option<Vec<Vec<f64>>> {
        if self.draws.ess().is_nan() || self.draws.ess() < walkers as f64 / 4.0 {
            return None;
        }
        let mut rng = StdRng::seed_from_u64(seed);
        let sigma: Vec<f64> = (0..density.dim()).map(|i| self.draws.variance(i).sqrt()).collect();
        let picked = self.draws.resample(walkers, seed).indices;
        let place = |i: usize| {
            let x = self.draws.position(i);
            let step = x.iter().zip(&sigma).map(|(x, s)| x + APART * s * rng.sample::<f64, _>(StandardNormal));
            let moved: Vec<f64> = step.collect();
            if density.log_density(&moved).is_finite() { moved } else { x.to_vec() }
        };
        Some(picked.into_iter().map(place).collect())
    }
}
