//! Ensemble moves and runs on densities whose moments are known.

mod sample_problems;

use std::ops::ControlFlow;

use antumbra::sample::diagnostics::integrated_autocorrelation_time;
use antumbra::sample::moves::{DifferentialEvolution, Mixture, Snooker, Stretch};
use antumbra::sample::{
    Chain, Checkpoint, Ensemble, Evaluation, Every, LogDensity, Progress, RunConfig, SampleError, Shortfall, Status,
    continue_run, run_until_converged,
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

/// Each move alone gives means 0 and variances within 0.01 of 1, the Monte-Carlo error that its own autocorrelation
/// implies being a third of that or less.
fn check_alone(name: &str, make: fn() -> Mixture, dim: usize, steps: usize) {
    let density = gaussian(dim);
    let walkers = 4 * dim.max(6);
    let mut ensemble = Ensemble::new(&density, &start(walkers, dim, 3), make(), Evaluation::Serial, 17).unwrap();
    let mut chain = Chain::new(walkers, dim);
    ensemble.run(steps / THIN, THIN, &mut chain).unwrap();
    let draws = (chain.draws() * walkers) as f64;
    // all coordinates at once: |x|²/d has mean 1 and variance 2/d
    let square = chain.series(|x| x.iter().map(|v| v * v).sum::<f64>() / dim as f64);
    let sigma = (2.0 / dim as f64 * integrated_autocorrelation_time(&square) / draws).sqrt();
    let variance = square.iter().flatten().sum::<f64>() / draws;
    println!("{name} alone, {dim} dimensions: variance {variance:.4} ± {sigma:.4}");
    assert!(sigma < 0.0034, "{name}, {dim} dimensions: too short a run, {sigma}");
    assert!((variance - 1.0).abs() < 0.01, "{name}, {dim} dimensions: variance {variance} ± {sigma}");
    for i in 0..dim {
        let x = chain.parameter(i);
        let sigma = (integrated_autocorrelation_time(&x) / draws).sqrt();
        let mean = x.iter().flatten().sum::<f64>() / draws;
        assert!(mean.abs() < 4.5 * sigma, "{name}, coordinate {i}: mean {mean} ± {sigma}");
    }
}

/// Steps between stored draws; all moves need more than this to forget.
const THIN: usize = 5;

#[test]
fn stretch_alone() {
    check_alone("stretch", || Mixture::single(Stretch::default()), 2, 60_000);
    check_alone("stretch", || Mixture::single(Stretch::default()), 9, 40_000);
}

#[test]
fn differential_evolution_alone() {
    let alone = || Mixture::single(DifferentialEvolution { mode_jump_probability: 0.0, ..Default::default() });
    check_alone("differential evolution", alone, 2, 60_000);
    check_alone("differential evolution", alone, 9, 50_000);
}

#[test]
fn differential_evolution_with_mode_jumps_alone() {
    let alone = || Mixture::single(DifferentialEvolution { mode_jump_probability: 1.0, ..Default::default() });
    check_alone("differential evolution, γ = 1", alone, 2, 60_000);
    check_alone("differential evolution, γ = 1", alone, 9, 100_000);
    check_alone("differential evolution, as it comes", || Mixture::single(DifferentialEvolution::default()), 9, 60_000);
}

#[test]
fn snooker_alone() {
    check_alone("snooker", || Mixture::single(Snooker::default()), 2, 60_000);
    check_alone("snooker", || Mixture::single(Snooker::default()), 9, 40_000);
}

#[test]
fn the_default_mixture() {
    check_alone("mixture", Mixture::default, 2, 60_000);
    check_alone("mixture", Mixture::default, 9, 50_000);
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

/// The shells of Feroz et al.: walkers that start on both keep to a band a twentieth of its radius wide; radii are N(2, 0.1)
/// weighted by the radius.
#[test]
fn two_shells() {
    let problem = sample_problems::shells_2();
    let begin: Vec<Vec<f64>> = start(60, 2, 5)
        .into_iter()
        .enumerate()
        .map(|(i, x)| {
            let r = x[0].hypot(x[1]) / 2.0;
            vec![x[0] / r + if i % 2 == 0 { 3.5 } else { -3.5 }, x[1] / r]
        })
        .collect();
    let config = RunConfig { min_ess: 3000.0, max_steps: 200_000, thin: 20, ..RunConfig::default() };
    let (chain, diagnostics, status) = run_until_converged(&problem, &begin, Mixture::default(), &config, 3).unwrap();
    assert_eq!(status, Status::Converged, "{diagnostics:?}");
    let n = (chain.draws() * chain.walkers()) as f64;
    let mean = |f: &dyn Fn(&[f64]) -> f64| chain.series(f).iter().flatten().sum::<f64>() / n;
    let radius = mean(&|x| (x[0].abs() - 3.5).hypot(x[1]));
    let (_, _, deviation) = problem.moments[0];
    let spread = mean(&|x| x[0] * x[0]).sqrt();
    println!("shells: radius {radius:.4}, spread {spread:.4} of {deviation:.4}");
    // E[r²]/E[r] = 2 + 0.01/2; the two shells cross nowhere, so |x| tells them apart; effective size 3,000
    assert!((radius - 2.005).abs() < 0.01 && (spread / deviation - 1.0).abs() < 0.03, "{radius} {spread}");
}

/// Neal's funnel in five dimensions: its neck holds walkers for longer than a run takes notice of, so that the run is long.
#[test]
fn funnel() {
    let problem = sample_problems::funnel();
    let begin: Vec<Vec<f64>> = start(60, 5, 5)
        .into_iter()
        .map(|x| x.iter().enumerate().map(|(i, z)| if i == 0 { 3.0 * z } else { z * (1.5 * x[0]).exp() }).collect())
        .collect();
    let mut ensemble = Ensemble::new(&problem, &begin, Mixture::default(), Evaluation::Serial, 6).unwrap();
    let mut chain = Chain::new(60, 5);
    ensemble.run(10_000, 20, &mut chain).unwrap();
    let v = chain.parameter(0);
    let tau = integrated_autocorrelation_time(&v);
    let n = (v.len() * v[0].len()) as f64;
    let mean = v.iter().flatten().sum::<f64>() / n;
    let variance = v.iter().flatten().map(|v| v * v).sum::<f64>() / n;
    let sigma = 3.0 * (tau / n).sqrt();
    println!("funnel: mean {mean:.3} ± {sigma:.3}, variance {variance:.3}, τ = {:.0} steps", 20.0 * tau);
    assert!(sigma < 0.2 && mean.abs() < 4.0 * sigma, "{mean} ± {sigma}");
    // variance of squares: 2 · 9² over the effective size
    assert!((variance - 9.0).abs() < 4.0 * 9.0 * (2.0 * tau / n).sqrt(), "{variance}");
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

/// A density that can only be asked for batches is enough, and gives the bits of one asked place by place.
#[test]
fn batches_are_used() {
    struct Batched;
    impl LogDensity for Batched {
        fn dim(&self) -> usize {
            3
        }
        fn log_density(&self, _: &[f64]) -> f64 {
            unreachable!("only batches are asked for")
        }
        fn log_density_batch(&self, xs: &[f64], out: &mut [f64]) {
            assert_eq!(xs.len(), 3 * out.len());
            for (x, out) in xs.chunks_exact(3).zip(out) {
                *out = gaussian(3).log_density(x);
            }
        }
    }
    fn run<D: LogDensity>(density: &D, evaluation: Evaluation) -> Chain {
        let mut ensemble = Ensemble::new(density, &start(12, 3, 1), Mixture::default(), evaluation, 3).unwrap();
        let mut chain = Chain::new(12, 3);
        ensemble.run(50, 1, &mut chain).unwrap();
        chain
    }
    assert!(run(&Batched, Evaluation::Serial) == run(&gaussian(3), Evaluation::Serial));
    assert!(run(&Batched, Evaluation::Parallel) == run(&gaussian(3), Evaluation::Serial));
}

/// Broken off after every few draws, written to JSON and read again, a run has the bits of one left alone.
#[test]
fn resumed_runs_have_the_same_bits() {
    let density = gaussian(3);
    let begin = start(12, 3, 1);
    let config = RunConfig { max_steps: 4000, min_ess: 400.0, ..RunConfig::default() };
    let alone = run_until_converged(&density, &begin, Mixture::default(), &config, 9).unwrap();
    let mut checkpoint = Checkpoint::new(&density, &begin, &config, 9).unwrap();
    let mut pauses = 0;
    let (chain, diagnostics, status) = loop {
        let text = serde_json::to_string(&checkpoint).unwrap();
        let read: Checkpoint = serde_json::from_str(&text).unwrap();
        assert!(read == checkpoint);
        let pause = |_: &Checkpoint| ControlFlow::Break(());
        match continue_run(&density, read, Mixture::default(), &config, Every::Draws(37), pause).unwrap() {
            Progress::Done(chain, diagnostics, status) => break (chain, diagnostics, status),
            Progress::Paused(next) => checkpoint = next,
        }
        pauses += 1;
    };
    assert!(pauses > 2 && checkpoint.draws() > 74, "{pauses}");
    assert!(chain == alone.0 && status == alone.2 && format!("{diagnostics:?}") == format!("{:?}", alone.1));
    let other = continue_run(&gaussian(2), checkpoint, Mixture::default(), &config, Every::Draws(1), |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(other.unwrap_err(), SampleError::Checkpoint { found: 3, dim: 2 });
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
