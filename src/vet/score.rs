//! How sure a disposition is: the share of draws, metrics moved by their errors, in which it is a planet candidate.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::{Disposition, Metrics, Profile};

/// Share of `draws` in which `profile` takes the candidate for a planet, each metric moved by a Gaussian of its upper or
/// lower error, either with probability one half (Thompson et al. 2018, ApJS 235, 38, section 3.2). Errors are taken to be
/// independent. NaN for no draws.
pub fn score(profile: &Profile, metrics: &Metrics, draws: usize, seed: u64) -> f64 {
    let mut rng = StdRng::seed_from_u64(seed);
    let kept = (0..draws)
        .filter(|_| {
            let drawn = metrics.perturbed(|v| {
                let deviate: f64 = StandardNormal.sample(&mut rng);
                if rng.random::<bool>() {
                    v.value + v.err_up * deviate.abs()
                } else {
                    v.value - v.err_down * deviate.abs()
                }
            });
            profile.judge(&drawn).disposition == Disposition::Candidate
        })
        .count();
    kept as f64 / (draws as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_a_gaussian_beyond_a_limit() {
        let profile = Profile::from_toml(
            "name='x'\n[[group]]\nname='g'\ndisposition='false_alarm'\n[[test]]\ngroup='g'\nfail='snr < 7'",
        )
        .unwrap();
        let mut metrics = Metrics::default();
        metrics.set_with_err("snr", 8.0, 1.0);
        let got = score(&profile, &metrics, 20_000, 1);
        // Φ(1) = 0.8413, and the binomial error of 20 000 draws is 0.0026.
        assert!((got - 0.8413).abs() < 0.012, "{got}");
        assert_eq!(got, score(&profile, &metrics, 20_000, 1));
    }
}
