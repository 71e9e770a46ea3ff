//! Diagnostics against arviz and emcee, and against series whose autocorrelation time is known.

use antumbra::sample::diagnostics::{
    ess_bulk, ess_mean, ess_quantile, ess_tail, integrated_autocorrelation_time, mcse_mean, mcse_quantile,
    rank_normalised_r_hat,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

/// Autoregressive chains driven by fractional parts of large sines, so that any language can make the same ones.
fn chains(m: usize, n: usize, rho: f64, shift: f64) -> Vec<Vec<f64>> {
    (0..m)
        .map(|c| {
            let mut x = 0.0;
            (0..n)
                .map(|i| {
                    let u = ((i + 1) as f64 * 12.9898 + (c + 1) as f64 * 78.233).sin() * 43758.5453;
                    x = rho * x + (u - u.floor() - 0.5);
                    x + shift * c as f64
                })
                .collect()
        })
        .collect()
}

/// Golden values: arviz 0.23.4 with numpy 2.4.6, `az.rhat`, `az.ess(method=bulk|tail|mean|quantile, prob=0.5)`,
/// `az.mcse(method=mean|quantile, prob=0.5)` of the array (chain, draw) that `chains` makes; printed to 8 decimals.
#[test]
fn agrees_with_arviz() {
    type Row = ((usize, usize, f64, f64), [f64; 7]);
    let golden: [Row; 4] = [
        (
            (4, 200, 0.6, 0.0),
            [1.01044633, 155.82137106, 282.94014934, 160.59900327, 276.53987676, 0.02758456, 0.02933504],
        ),
        ((4, 201, 0.9, 0.0), [1.05094771, 45.96046184, 73.81360640, 45.47660820, 79.29186828, 0.09953034, 0.08929961]),
        ((3, 100, 0.3, 0.4), [1.55075249, 5.96929330, 98.45857418, 5.81111460, 7.63988110, 0.17519390, 0.19792430]),
        (
            (2, 64, -0.4, 0.0),
            [0.98696747, 269.72287611, 92.57157348, 269.72287611, 269.72287611, 0.01835578, 0.01254475],
        ),
    ];
    for ((m, n, rho, shift), expected) in golden {
        let c = chains(m, n, rho, shift);
        let found = [
            rank_normalised_r_hat(&c),
            ess_bulk(&c),
            ess_tail(&c),
            ess_mean(&c),
            ess_quantile(&c, 0.5),
            mcse_mean(&c),
            mcse_quantile(&c, 0.5),
        ];
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            // the printed digits, with room for the sines' last bits, which 43758 multiplies
            assert!((f - e).abs() < 2e-8 + 1e-8 * e.abs(), "case {m}×{n}, quantity {i}: {f} instead of {e}");
        }
    }
}

/// emcee 3.1.6: `emcee.autocorr.integrated_time(x, tol=0)` of 2,000 draws of 10 of the chains above gives 4.39598794.
#[test]
fn autocorrelation_time_agrees_with_emcee() {
    let tau = integrated_autocorrelation_time(&chains(10, 2000, 0.6, 0.0));
    assert!((tau - 4.39598794).abs() < 1e-7, "{tau}");
}

#[test]
fn autocorrelation_time_of_an_ar1_process() {
    let mut rng = StdRng::seed_from_u64(11);
    for rho in [0.0, 0.5, 0.9, 0.97] {
        let (walkers, draws) = (20, 20_000);
        let series: Vec<Vec<f64>> = (0..walkers)
            .map(|_| {
                let mut x: f64 = rng.sample(StandardNormal);
                (0..draws)
                    .map(|_| {
                        x = rho * x + (1.0 - rho * rho).sqrt() * rng.sample::<f64, _>(StandardNormal);
                        x
                    })
                    .collect()
            })
            .collect();
        let truth = (1.0 + rho) / (1.0 - rho);
        let tau = integrated_autocorrelation_time(&series);
        // relative error of the windowed estimate is about sqrt(4 M / n) = sqrt(20 τ / 400,000): 6 % at τ = 66
        let tolerance = 4.0 * (20.0 * truth / (walkers * draws) as f64).sqrt() + 0.01;
        assert!((tau / truth - 1.0).abs() < tolerance, "rho {rho}: {tau} instead of {truth}");
        let size = ess_bulk(&series) * truth / (walkers * draws) as f64;
        assert!((size - 1.0).abs() < tolerance, "rho {rho}: effective size off by {size}");
    }
}

#[test]
fn r_hat_flags_what_has_not_converged() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut normal = |mean: f64, scale: f64| -> Vec<f64> {
        (0..1000).map(|_| mean + scale * rng.sample::<f64, _>(StandardNormal)).collect()
    };
    let good: Vec<Vec<f64>> = (0..4).map(|_| normal(0.0, 1.0)).collect();
    assert!(rank_normalised_r_hat(&good) < 1.005);
    let shifted: Vec<Vec<f64>> = (0..4).map(|c| normal(if c == 0 { 0.5 } else { 0.0 }, 1.0)).collect();
    assert!(rank_normalised_r_hat(&shifted) > 1.02);
    let wider: Vec<Vec<f64>> = (0..4).map(|c| normal(0.0, if c == 0 { 2.0 } else { 1.0 })).collect();
    assert!(rank_normalised_r_hat(&wider) > 1.02, "equal means, unequal spread");
    let drifting: Vec<Vec<f64>> =
        good.iter().map(|c| c.iter().enumerate().map(|(i, v)| v + i as f64 / 500.0).collect()).collect();
    assert!(rank_normalised_r_hat(&drifting) > 1.1, "a drift that all chains share");
}

#[test]
fn too_little_to_say_is_nan() {
    assert!(rank_normalised_r_hat(&[]).is_nan());
    assert!(rank_normalised_r_hat(&[vec![1.0; 100], vec![1.0; 100]]).is_nan());
    assert!(ess_bulk(&[vec![1.0, 2.0]]).is_nan());
    assert!(ess_bulk(&[vec![f64::NAN; 50]]).is_nan());
    assert!(integrated_autocorrelation_time(&[vec![1.0, 2.0, 3.0, 4.0], vec![1.0]]).is_nan());
    assert!(integrated_autocorrelation_time(&[vec![3.0; 40]]).is_nan());
}
