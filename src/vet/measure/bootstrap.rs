//! False-alarm probability of the statistic from the light curve's own noise.
//!
//! Means over one duration out of transit, in units of their errors, are drawn as often as there are transits and combined
//! as transits are, N times over. The probability that one such statistic reaches the candidate's is the count where it is
//! reached, else the Gaussian tail of the draws' own mean and scatter (their normality grows with the number of transits):
//!
//! ```text
//! bootstrap_log10_fap = log₁₀ P(noise ≥ mes_white),  of one ephemeris, not of the whole search
//! inverted_ratio      = strongest brightening over the transit, in significance: near 1 if noise has both signs alike
//! ```
//!
//! After Jenkins et al. 2002 (ApJ 564, 495) and Seader et al. 2015 (ApJS 217, 18).

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use statrs::function::erf::erfc;

use super::curve::Curve;
use crate::vet::{Metrics, Missing};

const DRAWS: usize = 2_000;

/// More transits than this are combined from as many draws, and their sum from the central limit.
const MOST_DRAWN: usize = 30;

pub(super) fn measure(curve: &Curve, seed: u64, metrics: &mut Metrics) {
    let ratio = metrics.value("sig_positive") / metrics.value("sig_primary");
    metrics.set_or("inverted_ratio", if ratio.is_nan() { Err(Missing::NoRoom) } else { Ok(ratio) });
    let noise: Vec<f64> = curve.box_means.iter().map(|(mean, err)| mean / err).collect();
    let transits = curve.observed().count();
    if noise.len() < 10 {
        return metrics.set_missing("bootstrap_log10_fap", Missing::TooFewCadences);
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let drawn = transits.min(MOST_DRAWN);
    let per_sum = 1.0 / (drawn as f64).sqrt();
    let mes = metrics.value("mes_white");
    let (mut sum, mut square, mut reached) = (0.0, 0.0, 0usize);
    for _ in 0..DRAWS {
        let one = per_sum * (0..drawn).map(|_| noise[rng.random_range(0..noise.len())]).sum::<f64>();
        sum += one;
        square += one * one;
        reached += usize::from(one >= mes);
    }
    let mean = sum / DRAWS as f64;
    let scatter = (square / DRAWS as f64 - mean * mean).max(1e-12).sqrt();
    let log10 =
        if reached >= 10 { (reached as f64 / DRAWS as f64).log10() } else { log10_tail((mes - mean) / scatter) };
    metrics.set("bootstrap_log10_fap", log10);
}

/// log₁₀ of the upper tail of a standard normal beyond `z`.
fn log10_tail(z: f64) -> f64 {
    if z < 30.0 {
        (0.5 * erfc(z / std::f64::consts::SQRT_2)).log10()
    } else {
        (-0.5 * z * z - (z * (std::f64::consts::TAU).sqrt()).ln()) / std::f64::consts::LN_10
    }
}
