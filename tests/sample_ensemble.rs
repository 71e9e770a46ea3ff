//! Ensemble moves and runs on densities whose moments are known.

use antumbra::sample::diagnostics::integrated_autocorrelation_time;
use antumbra::sample::moves::{DifferentialEvolution, Mixture, Snooker, Stretch};
use antumbra::sample::{
    Chain, Ensemble, Evaluation, LogDensity, RunConfig, SampleError, Shortfall, Status, run_until_converged,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

struct Function<F> {
    dim: usize,
    log_density: F,
}

impl<F: Fn(&[f64]) -> f64 + Sync> LogDensity for Function<F> {
    fn dim(&self) -> usize {
        self.dim
    }
    fn log_density(&self, x: &[f64]) -> f64 {
        (self.log_density)(x)
    }
}

fn gaussian(dim: usize) -> Function<impl Fn(&[f64]) -> f64 + Sync> {
    Function { dim, log_density: |x: &[f64]| -0.5 * x.iter().map(|v| v * v).sum::<f64>() }
}

fn start(walkers: usize, dim: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..walkers).map(|_| (0..dim).map(|_| rng.sample(StandardNormal)).collect()).collect()
}

/// Each move alone gives means 0 and variances 1, judged by the Monte-Carlo error that its own autocorrelation implies.
fn check_alone(name: &str, make: fn() -> Mixture, dim: usize, steps: usize) {
    let density = gaussian(dim);
    let walkers = 4 * dim.max(6);
    let mut ensemble = Ensemble::new(&density, &start(walkers, dim, 3), make(), Evaluation::Serial, 17).unwrap();
    let mut chain = Chain::new(walkers, dim);
    ensemble.run(steps, 1, &mut chain).unwrap();
    let draws = (steps * walkers) as f64;
    // all coordinates at once: |x|²/d has mean 1 and variance 2/d
    let square = chain.series(|x| x.iter().map(|v| v * v).sum::<f64>() / dim as f64);
    let sigma = (2.0 / dim as f64 * integrated_autocorrelation_time(&square) / draws).sqrt();
    let variance = square.iter().flatten().sum::<f64>() / draws;
    println!("{name} alone, {dim} dimensions: variance {variance:.4} ± {sigma:.4}");
    assert!(sigma < 0.005, "{name}, {dim} dimensions: too short a run, {sigma}");
    assert!((variance - 1.0).abs() < 4.0 * sigma, "{name}, {dim} dimensions: variance {variance} ± {sigma}");
    for i in 0..dim {
        let x = chain.parameter(i);
        let sigma = (integrated_autocorrelation_time(&x) / draws).sqrt();
        let mean = x.iter().flatten().sum::<f64>() / draws;
        assert!(mean.abs() < 4.5 * sigma, "{name}, coordinate {i}: mean {mean} ± {sigma}");
    }
}

#[test]
fn stretch_alone() {
    check_alone("stretch", || Mixture::single(Stretch::default()), 2, 20_000);
    check_alone("stretch", || Mixture::single(Stretch::default()), 9, 30_000);
}

#[test]
fn differential_evolution_alone() {
    check_alone("differential evolution", || Mixture::single(DifferentialEvolution::default()), 2, 20_000);
    check_alone("differential evolution", || Mixture::single(DifferentialEvolution::default()), 9, 30_000);
}

#[test]
fn snooker_alone() {
    check_alone("snooker", || Mixture::single(Snooker::default()), 2, 20_000);
    check_alone("snooker", || Mixture::single(Snooker::default()), 9, 60_000);
}

#[test]
fn the_default_mixture() {
    check_alone("mixture", Mixture::default, 2, 20_000);
    check_alone("mixture", Mixture::default, 9, 30_000);
}

/// x = (u + 1000, 10⁻³ (v + 0.99 u/√(1 − 0.99²)...)): a covariance with unequal scales and a correlation of 0.99.
#[test]
fn correlated_gaussian() {
    let (scale, rho) = ([3.0, 1e-3], 0.99f64);
    let density = Function {
        dim: 2,
        log_density: |x: &[f64]| {
            let (u, v) = ((x[0] - 1000.0) / scale[0], x[1] / scale[1]);
            -0.5 * (u * u - 2.0 * rho * u * v + v * v) / (1.0 - rho * rho)
        },
    };
    let begin: Vec<Vec<f64>> =
        start(20, 2, 1).into_iter().map(|x| vec![1000.0 + scale[0] * x[0], scale[1] * x[1]]).collect();
    let config = RunConfig { min_ess: 20_000.0, ..RunConfig::default() };
    let (chain, diagnostics, status) = run_until_converged(&density, &begin, Mixture::default(), &config, 4).unwrap();
    assert_eq!(status, Status::Converged);
    assert!(diagnostics.acceptance > 0.15, "{diagnostics:?}");
    let n = (chain.draws() * chain.walkers()) as f64;
    let sum = |f: &dyn Fn(&[f64]) -> f64| chain.series(f).iter().flatten().sum::<f64>() / n;
    let mean = [sum(&|x| x[0]), sum(&|x| x[1])];
    let covariance = |i: usize, j: usize| sum(&|x| (x[i] - mean[i]) / scale[i] * (x[j] - mean[j]) / scale[j]);
    // 20,000 effective draws: 0.007 on a mean, 0.01 on a variance; four of these
    assert!(((mean[0] - 1000.0) / scale[0]).abs() < 0.03 && (mean[1] / scale[1]).abs() < 0.03, "{mean:?}");
    for (i, j, truth) in [(0, 0, 1.0), (1, 1, 1.0), (0, 1, rho)] {
        let found = covariance(i, j);
        assert!((found - truth).abs() < 0.04, "covariance {i}{j}: {found}");
    }
}

/// Rosenbrock's valley, exp(−(1 − x)²/20 − 5 (y − x²)²): x ~ N(1, 10), y − x² ~ N(0, 0.1).
#[test]
fn rosenbrock() {
    let density =
        Function { dim: 2, log_density: |x: &[f64]| -(1.0 - x[0]).powi(2) / 20.0 - 5.0 * (x[1] - x[0] * x[0]).powi(2) };
    let config = RunConfig { min_ess: 4000.0, max_steps: 400_000, thin: 20, ..RunConfig::default() };
    let (chain, diagnostics, status) =
        run_until_converged(&density, &start(40, 2, 8), Mixture::default(), &config, 2).unwrap();
    assert_eq!(status, Status::Converged, "{diagnostics:?}");
    let n = (chain.draws() * chain.walkers()) as f64;
    let mean = |f: &dyn Fn(&[f64]) -> f64| chain.series(f).iter().flatten().sum::<f64>() / n;
    let x = mean(&|x| x[0]);
    let xx = mean(&|x| (x[0] - 1.0).powi(2));
    let y = mean(&|x| x[1]);
    // effective size 4,000: σ(x) = √10/63 = 0.05, σ(x²) = 10 √2/63 = 0.22, σ(y) = √(4·10 + 2·100)/63 = 0.25
    assert!((x - 1.0).abs() < 0.25 && (xx - 10.0).abs() < 1.1 && (y - 11.0).abs() < 1.3, "{x} {xx} {y}");
}

/// Two Gaussians 10 σ apart: differential evolution with γ = 1 carries walkers across in proportion to the weights.
#[test]
fn two_modes_keep_their_weights() {
    let density = Function {
        dim: 2,
        log_density: |x: &[f64]| {
            let at = |c: f64| (-0.5 * ((x[0] - c).powi(2) + x[1] * x[1])).exp();
            (0.25 * at(-5.0) + 0.75 * at(5.0)).max(f64::MIN_POSITIVE).ln()
        },
    };
    let begin: Vec<Vec<f64>> = start(40, 2, 5)
        .into_iter()
        .enumerate()
        .map(|(i, x)| vec![x[0] + if i % 2 == 0 { 5.0 } else { -5.0 }, x[1]])
        .collect();
    let mut ensemble = Ensemble::new(&density, &begin, Mixture::default(), Evaluation::Serial, 6).unwrap();
    let mut chain = Chain::new(40, 2);
    ensemble.run(40_000, 1, &mut chain).unwrap();
    let side = chain.without_first(2000).series(|x| f64::from(u8::from(x[0] > 0.0)));
    let tau = integrated_autocorrelation_time(&side);
    let n = side.len() as f64 * side[0].len() as f64;
    let fraction = side.iter().flatten().sum::<f64>() / n;
    let sigma = (0.75 * 0.25 * tau / n).sqrt();
    println!("two modes: {fraction:.4} ± {sigma:.4} on the heavier side, τ = {tau:.0}");
    assert!(sigma < 0.02 && (fraction - 0.75).abs() < 4.0 * sigma, "{fraction} ± {sigma}");
}

#[test]
fn parallel_evaluation_gives_the_same_bits() {
    let density = gaussian(5);
    let run = |evaluation, seed| {
        let mut ensemble = Ensemble::new(&density, &start(20, 5, 1), Mixture::default(), evaluation, seed).unwrap();
        let mut chain = Chain::new(20, 5);
        ensemble.run(200, 2, &mut chain).unwrap();
        chain
    };
    let serial = run(Evaluation::Serial, 9);
    assert!(serial == run(Evaluation::Serial, 9));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    assert!(serial == pool.install(|| run(Evaluation::Parallel, 9)));
    assert!(serial != run(Evaluation::Serial, 10));
}

#[test]
fn a_short_run_says_what_is_missing() {
    let config = RunConfig { max_steps: 200, min_steps: 50, ..RunConfig::default() };
    let (_, diagnostics, status) =
        run_until_converged(&gaussian(9), &start(36, 9, 1), Mixture::default(), &config, 1).unwrap();
    assert!(matches!(status, Status::NotConverged(Shortfall::Length { .. })), "{status:?}");
    assert_eq!(diagnostics.steps, 200);
    let config = RunConfig { min_ess: 1e9, max_steps: 20_000, ..RunConfig::default() };
    let (_, _, status) = run_until_converged(&gaussian(2), &start(12, 2, 1), Mixture::default(), &config, 1).unwrap();
    assert!(matches!(status, Status::NotConverged(Shortfall::EffectiveSize { .. })), "{status:?}");
}

#[test]
fn bad_starts_are_refused() {
    let density = gaussian(3);
    let make =
        |walkers: Vec<Vec<f64>>| Ensemble::new(&density, &walkers, Mixture::default(), Evaluation::Serial, 1).err();
    assert_eq!(make(start(7, 3, 1)), Some(SampleError::Walkers { found: 7, dim: 3, needed: 8 }));
    assert_eq!(make(start(6, 3, 1)), Some(SampleError::Walkers { found: 6, dim: 3, needed: 8 }));
    assert_eq!(make(start(8, 2, 1)), Some(SampleError::Dimension { walker: 0, found: 2, dim: 3 }));
    assert!(Mixture::new(vec![(0.0, Box::new(Stretch::default()))]).is_err());
    let broken = Function { dim: 3, log_density: |x: &[f64]| if x[0] > 0.0 { f64::NAN } else { 0.0 } };
    assert!(matches!(
        Ensemble::new(&broken, &start(8, 3, 1), Mixture::default(), Evaluation::Serial, 1),
        Err(SampleError::NotANumber { .. })
    ));
    let nowhere = Function { dim: 3, log_density: |_: &[f64]| f64::NEG_INFINITY };
    assert!(matches!(
        Ensemble::new(&nowhere, &start(8, 3, 1), Mixture::default(), Evaluation::Serial, 1),
        Err(SampleError::Start { walker: 0, .. })
    ));
}
