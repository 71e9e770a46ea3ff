//! Importance sampling on densities whose moments and evidence are known.

mod sample_problems;

use antumbra::sample::diagnostics::integrated_autocorrelation_time;
use antumbra::sample::importance::{
    GeneralisedPareto, ImportanceConfig, ImportanceRun, ImportanceStatus, StartingMode, importance_sample,
    importance_sample_guided, smooth_tail,
};
use antumbra::sample::moves::Mixture;
use antumbra::sample::{Bounds, Chain, Ensemble, Evaluation, LogDensity, SampleError};
use sample_problems::Problem;

fn run(problem: &Problem, config: &ImportanceConfig, seed: u64) -> ImportanceRun {
    importance_sample(problem, &problem.starting_modes(), config, seed).unwrap()
}

/// Over `seeds` runs: each converges with the effective size asked for; efficiency at least `efficiency` effective draws a
/// call, pilot included; means, variances and evidence right by the errors the runs state, and these errors right.
fn check(problem: &Problem, seeds: u64, efficiency: f64) {
    let config = ImportanceConfig::default();
    let (mut ess, mut kish, mut calls) = (0.0, 0.0, 0.0);
    // of each quantity, its errors in the runs and the errors stated
    let mut table: Vec<(String, Vec<f64>, Vec<f64>)> = Vec::new();
    for seed in 0..seeds {
        let r = run(problem, &config, seed);
        assert_eq!(r.status, ImportanceStatus::Converged, "{}, seed {seed}", problem.name);
        assert!(r.ess >= config.min_ess && r.pareto_k < 0.7);
        ess += r.ess;
        kish += r.draws.ess();
        calls += r.evaluations as f64;
        let mut row = vec![("evidence".to_string(), r.log_evidence - problem.log_evidence, r.log_evidence_error)];
        for (i, mean, deviation) in &problem.moments {
            let error = r.draws.mean(*i) - mean;
            row.push((format!("mean {i}"), error, deviation / r.draws.ess_bulk(*i).sqrt()));
            let square = |x: &[f64]| (x[*i] - mean).powi(2);
            let variance = deviation.powi(2);
            let spread = r.draws.mean_of(|x| (square(x) - variance).powi(2)).sqrt();
            let stated = spread / r.draws.ess_of(square).sqrt();
            row.push((format!("variance {i}"), r.draws.mean_of(square) - variance, stated));
        }
        if seed == 0 {
            table = row.iter().map(|r| (r.0.clone(), Vec::new(), Vec::new())).collect();
        }
        for (column, (_, error, stated)) in table.iter_mut().zip(row) {
            column.1.push(error);
            column.2.push(stated);
        }
    }
    let n = seeds as f64;
    let square = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>() / n;
    let mut worst: f64 = 0.0;
    let mut scatter = 0.0;
    for (what, errors, stated) in &table {
        let stated = square(stated).sqrt();
        let bias = errors.iter().sum::<f64>() / n / stated;
        println!("    {what}: bias {bias:.2}, scatter {:.2} of the error stated", square(errors).sqrt() / stated);
        worst = worst.max(bias.abs());
        scatter += square(errors) / stated.powi(2) / table.len() as f64;
    }
    let rms = scatter.sqrt();
    let found = ess / calls;
    println!(
        "{}: {found:.3} effective draws a call (worst of bulk and tail; Kish {:.3}); largest bias {worst:.2}, scatter {rms:.2} of the errors stated",
        problem.name,
        kish / calls
    );
    assert!(found > efficiency, "{}: {found} effective draws a call", problem.name);
    // the mean over runs scatters by 1/√seeds of a stated error, and the far ends of bent arms, where few draws fall, are
    // known to be light: up to one stated error at a thousand effective draws, 4 % of a variance
    assert!(worst < 1.0 + 3.0 / n.sqrt(), "{}: biased by {worst} of the error stated", problem.name);
    assert!((0.75..1.3).contains(&rms), "{}: the errors stated are off by {rms}", problem.name);
}

#[test]
fn gaussian() {
    check(&sample_problems::correlated_gaussian(), 20, 0.17);
}

#[test]
fn bananas() {
    check(&sample_problems::banana(), 20, 0.09);
}

#[test]
fn shape_of_a_transit_fit() {
    check(&sample_problems::transit_like(), 20, 0.15);
}

#[test]
fn two_modes() {
    check(&sample_problems::bimodal(), 20, 0.3);
}

#[test]
fn shells() {
    check(&sample_problems::shells_2(), 20, 0.08);
    check(&sample_problems::shells_5(), 10, 0.05);
}

/// Another density in place of one, a little or far off, over the same coordinates.
struct Guide<'a> {
    problem: &'a Problem,
    /// By which all coordinates are stretched about 0, and by which they are moved, in their starting deviations.
    stretch: f64,
    shift: f64,
}

impl LogDensity for Guide<'_> {
    fn dim(&self) -> usize {
        self.problem.dim()
    }
    fn log_density(&self, x: &[f64]) -> f64 {
        let dim = x.len();
        let covariance = &self.problem.starting_modes()[0].covariance;
        let moved = |(i, x): (usize, &f64)| (x - self.shift * covariance[i * (dim + 1)].sqrt()) / self.stretch;
        self.problem.log_density(&x.iter().enumerate().map(moved).collect::<Vec<f64>>())
    }
}

/// With a guide that is off by a fifth of a deviation, and a tenth too wide, draws, errors and evidence are as right as
/// without, for a fraction of the evaluations of the density itself.
#[test]
fn a_guide_that_is_a_little_off_changes_no_answer() {
    let problem = sample_problems::correlated_gaussian();
    let config = ImportanceConfig::default();
    let guide = Guide { problem: &problem, stretch: 1.1, shift: 0.2 };
    let mut pulls = Vec::new();
    let (mut calls, mut alone) = (0, 0);
    for seed in 0..20 {
        let r = importance_sample_guided(&problem, &guide, &problem.starting_modes(), &config, seed).unwrap();
        assert_eq!(r.status, ImportanceStatus::Converged, "seed {seed}");
        assert!(r.guide.as_ref().is_some_and(|g| g.evaluations > r.evaluations));
        calls += r.evaluations;
        alone += run(&problem, &config, seed).evaluations;
        pulls.push((r.log_evidence - problem.log_evidence) / r.log_evidence_error);
        for (i, mean, deviation) in &problem.moments {
            pulls.push((r.draws.mean(*i) - mean) / deviation * r.draws.ess_bulk(*i).sqrt());
        }
    }
    let n = pulls.len() as f64;
    let (mean, square) = (pulls.iter().sum::<f64>() / n, pulls.iter().map(|p| p * p).sum::<f64>() / n);
    println!("{calls} calls, {alone} without a guide; pulls {mean:.2}, {:.2}", square.sqrt());
    assert!(2 * calls < alone, "{calls} calls of {alone}");
    // means of correlated coordinates: the mean of all pulls scatters by a few tenths at most
    assert!(mean.abs() < 0.5 && (0.75..1.3).contains(&square.sqrt()), "{mean} {square}");
}

/// A guide that has its mass elsewhere gives weights that say so.
#[test]
fn a_guide_that_misleads_is_told() {
    let problem = sample_problems::correlated_gaussian();
    let config = ImportanceConfig { max_evaluations: 40_000, ..ImportanceConfig::default() };
    for (stretch, shift) in [(0.3, 0.0), (1.0, 4.0)] {
        let guide = Guide { problem: &problem, stretch, shift };
        let r = importance_sample_guided(&problem, &guide, &problem.starting_modes(), &config, 3).unwrap();
        let of_guide = r.guide.as_ref().unwrap();
        println!("{stretch} {shift}: {}, {:.0} effective draws of {:.0}", r.status, r.draws.ess(), of_guide.ess);
        assert!(r.status != ImportanceStatus::Converged || r.draws.ess() < 0.5 * of_guide.ess, "{stretch} {shift}");
    }
}

/// What Students cannot follow is either got right or said to be wrong, never quietly wrong.
#[test]
fn valley_and_funnel_are_right_or_refused() {
    let config = ImportanceConfig { max_evaluations: 60_000, ..ImportanceConfig::default() };
    let mut refused = 0;
    for problem in [sample_problems::rosenbrock(), sample_problems::funnel()] {
        for seed in 0..10 {
            let r = run(&problem, &config, seed);
            if r.status == ImportanceStatus::Converged {
                for (i, mean, deviation) in &problem.moments {
                    let pull = (r.draws.mean(*i) - mean) / deviation * r.draws.ess_bulk(*i).sqrt();
                    assert!(pull.abs() < 5.0, "{} {seed}: coordinate {i} off by {pull} errors", problem.name);
                }
            } else {
                refused += 1;
            }
        }
    }
    println!("{refused} of 20 refused");
    assert!(refused >= 10);
}

#[test]
fn same_bits_from_the_same_seed_however_evaluated() {
    let problem = sample_problems::transit_like();
    let config = ImportanceConfig::default();
    let serial = run(&problem, &config, 5);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let parallel = ImportanceConfig { evaluation: Evaluation::Parallel, ..config.clone() };
    assert!(serial.draws == pool.install(|| run(&problem, &parallel, 5)).draws);
    assert!(serial.draws != run(&problem, &config, 6).draws);
}

/// Equally weighted draws have the moments of the weighted ones; systematic resampling takes each draw ⌊n w⌋ or ⌈n w⌉ times.
#[test]
fn equal_draws() {
    let r = run(&sample_problems::transit_like(), &ImportanceConfig::default(), 1);
    let n = 4000;
    let equal = r.draws.resample(n, 3);
    assert_eq!(equal.indices.len(), n);
    assert!(equal.effective_size < r.draws.ess() && equal.effective_size > 500.0);
    let mut counts = vec![0.0; r.draws.len()];
    equal.indices.iter().for_each(|i| counts[*i] += 1.0);
    for (count, w) in counts.iter().zip(r.draws.weights()) {
        assert!((count - w * n as f64).abs() < 1.0, "{count} {}", w * n as f64);
    }
    for i in 0..8 {
        let mean = equal.indices.iter().map(|d| r.draws.position(*d)[i]).sum::<f64>() / n as f64;
        let error = r.draws.variance(i).sqrt() / (n as f64).sqrt();
        assert!((mean - r.draws.mean(i)).abs() < 3.0 * error, "{i}");
    }
    let quantiles = r.draws.quantiles(0, &[0.0, 0.5, 1.0]);
    // the median of a half-normal is 0.6745 σ, its density there 0.64/σ: error 0.78 σ/√ess
    assert!((quantiles[1] - 0.6745 * 0.3).abs() < 4.0 * 0.78 * 0.3 / 1000f64.sqrt(), "{quantiles:?}");
    assert!(quantiles[0] >= 0.0 && quantiles[2] <= 1.0);
}

/// Starting covariances ten times too narrow or too wide, or useless, cost calls but not the answer.
#[test]
fn bad_starting_covariances() {
    let problem = sample_problems::banana();
    let mut modes = problem.starting_modes();
    for factor in [0.01, 100.0, f64::NAN] {
        modes[0].covariance = problem.starting_modes()[0].covariance.iter().map(|c| c * factor).collect();
        let r = importance_sample(&problem, &modes, &ImportanceConfig::default(), 2).unwrap();
        println!("covariance times {factor}: {} calls, {}", r.evaluations, r.status);
        if r.status == ImportanceStatus::Converged {
            assert!(r.log_evidence.abs() < 4.0 * r.log_evidence_error, "{}", r.log_evidence);
        }
        assert!(factor.is_nan() || r.status == ImportanceStatus::Converged, "{factor}: {}", r.status);
    }
}

/// Golden values: arviz 0.23.4 with numpy 2.4.6, `az.psislw` of −a ln u, u the fractional parts of large sines: k-hat, the
/// largest normalised weight, and 1/Σ w².
#[test]
fn smoothing_agrees_with_arviz() {
    for (n, a, golden) in [
        (1000, 0.3, [0.3842245399879239, 0.007990741519630428, 825.4004434919942]),
        (400, 0.9, [1.0910036312084062, 0.25320908987987323, 13.172355773972855]),
        (2500, 1.6, [1.4203629621278986, 0.5329810906496646, 3.259910243471892]),
    ] {
        let u = |i: i32| (f64::from(i) * 12.9898).sin() * 43758.5453;
        let mut log_weights: Vec<f64> = (1..=n).map(|i| -a * (u(i) - u(i).floor()).ln()).collect();
        let k = smooth_tail(&mut log_weights);
        let sum: f64 = log_weights.iter().map(|l| l.exp()).sum();
        let w: Vec<f64> = log_weights.iter().map(|l| l.exp() / sum).collect();
        let found = [k, w.iter().copied().fold(0.0, f64::max), 1.0 / w.iter().map(|w| w * w).sum::<f64>()];
        for (f, g) in found.iter().zip(golden) {
            assert!((f / g - 1.0).abs() < 1e-6, "{n} {a}: {found:?} {golden:?}");
        }
    }
    let fit = GeneralisedPareto::fit(&(1..200).map(|i| -(1.0 - f64::from(i) / 200.0).ln()).collect::<Vec<_>>());
    // exponential: shape 0, drawn by ten excesses of shape 0.5 among 199
    assert!((fit.shape - 0.025).abs() < 0.06 && (fit.scale - 1.0).abs() < 0.1, "{fit:?}");
}

#[test]
fn bad_input_is_refused() {
    let problem = sample_problems::transit_like();
    let config = ImportanceConfig::default();
    let run = |modes: &[StartingMode]| importance_sample(&problem, modes, &config, 1).map(|_| ()).unwrap_err();
    assert_eq!(run(&[]), SampleError::NoMode);
    let mut mode = problem.starting_modes().remove(0);
    mode.covariance.pop();
    assert_eq!(run(&[mode.clone()]), SampleError::ModeShape { mode: 0, what: "covariance", found: 63, needed: 64 });
    let mut mode = problem.starting_modes().remove(0);
    mode.centre[0] = f64::NAN;
    assert!(matches!(run(&[mode]), SampleError::ModeStart { mode: 0, .. }));
    let nowhere = Problem { log_density: |_| f64::NEG_INFINITY, ..sample_problems::transit_like() };
    let found = importance_sample(&nowhere, &nowhere.starting_modes(), &config, 1).map(|_| ()).unwrap_err();
    assert_eq!(found, SampleError::ModeStart { mode: 0, log_density: f64::NEG_INFINITY });
    let broken = Problem { log_density: |_| f64::NAN, ..sample_problems::transit_like() };
    let found = importance_sample(&broken, &broken.starting_modes(), &config, 1).map(|_| ()).unwrap_err();
    assert!(matches!(found, SampleError::NotANumber { .. }));
}

/// A half-normal, a flat, and a normal coordinate about the first: bounds of one, two and no sides.
struct Bounded;

impl LogDensity for Bounded {
    fn dim(&self) -> usize {
        3
    }
    fn log_density(&self, x: &[f64]) -> f64 {
        let inside = x[0] >= 0.0 && (0.0..=1.0).contains(&x[1]);
        if inside { -0.5 * (x[0].powi(2) + (x[2] - x[0]).powi(2)) } else { f64::NEG_INFINITY }
    }
    fn bounds(&self, i: usize) -> Bounds {
        let upper = if i == 1 { 1.0 } else { f64::INFINITY };
        Bounds { lower: if i < 2 { 0.0 } else { f64::NEG_INFINITY }, upper }
    }
}

/// What it is called, what it is the mean of, and its value.
type Moment = (&'static str, fn(&[f64]) -> f64, f64);

#[test]
fn the_last_proposal_as_a_move_alone() {
    let covariance = vec![0.3, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 3.0];
    let modes = [StartingMode { centre: vec![0.5, 0.5, 0.5], covariance }];
    // too short to converge, so that the proposal is a rough one
    let config = ImportanceConfig { max_evaluations: 900, pilot_steps: 5, ..ImportanceConfig::default() };
    let run = importance_sample(&Bounded, &modes, &config, 5).unwrap();
    assert_ne!(run.status, ImportanceStatus::Converged);
    let start = run.walkers(&Bounded, 24, 6).unwrap();
    let moves = Mixture::single(run.learnt);
    let mut ensemble = Ensemble::new(&Bounded, &start, moves, Evaluation::Serial, 7).unwrap();
    let mut chain = Chain::new(24, 3);
    ensemble.run(20_000, 1, &mut chain).unwrap();
    let acceptance = ensemble.acceptance().iter().sum::<f64>() / 24.0;
    assert!((0.2..0.97).contains(&acceptance), "{acceptance}");
    let half = (2.0 / std::f64::consts::PI).sqrt();
    let expected: [Moment; 5] = [
        ("mean of the half-normal", |x| x[0], half),
        ("its mean square", |x| x[0] * x[0], 1.0),
        ("mean of the flat", |x| x[1], 0.5),
        ("its mean square", |x| x[1] * x[1], 1.0 / 3.0),
        ("mean square of the normal", |x| x[2] * x[2], 2.0),
    ];
    for (what, of, expected) in expected {
        let series = chain.series(of);
        let draws = (chain.draws() * 24) as f64;
        let mean = series.iter().flatten().sum::<f64>() / draws;
        let variance = series.iter().flatten().map(|v| (v - mean).powi(2)).sum::<f64>() / draws;
        let sigma = (variance * integrated_autocorrelation_time(&series) / draws).sqrt();
        println!("{what}: {mean:.4} ± {sigma:.4}, {expected:.4}");
        assert!(sigma < 0.01 && (mean - expected).abs() < 4.0 * sigma, "{what}: {mean} ± {sigma}, {expected}");
    }
}
