//! Nested sampling on likelihoods whose evidence and moments are known.

mod sample_problems;

use antumbra::sample::nested::{NestedConfig, NestedRun, NestedStatus, PriorTransform, nested};
use antumbra::sample::{Evaluation, LogDensity, SampleError};
use sample_problems::Problem;

/// A problem within a flat box: its evidence is the problem's over the volume of the box.
struct Boxed {
    problem: Problem,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Boxed {
    /// The box reaches `reach` deviations around the mean where moments are known, or is the problem's own.
    fn new(problem: Problem, reach: f64) -> Self {
        let mut out = Self { lower: vec![0.0; problem.dim], upper: vec![1.0; problem.dim], problem };
        for i in 0..out.problem.dim {
            let b = out.problem.bounds(i);
            let (centre, deviation) = (&out.problem.modes[0].0, &out.problem.modes[0].1);
            let known = out.problem.moments.iter().find(|m| m.0 == i);
            let (mean, deviation) = known.map_or((centre[i], deviation[i]), |m| (m.1, m.2));
            out.lower[i] = b.lower.max(mean - reach * deviation);
            out.upper[i] = b.upper.min(mean + reach * deviation);
        }
        out
    }

    fn log_evidence(&self) -> f64 {
        let volume: f64 = self.lower.iter().zip(&self.upper).map(|(l, u)| (u - l).ln()).sum();
        self.problem.log_evidence - volume
    }
}

impl PriorTransform for Boxed {
    fn dim(&self) -> usize {
        self.problem.dim
    }
    fn place(&self, cube: &[f64], x: &mut [f64]) {
        for (i, x) in x.iter_mut().enumerate() {
            *x = self.lower[i] + (self.upper[i] - self.lower[i]) * cube[i];
        }
    }
    fn log_likelihood(&self, x: &[f64]) -> f64 {
        self.problem.log_density(x)
    }
}

fn check(problem: Problem, reach: f64, seeds: u64, config: &NestedConfig) {
    let model = Boxed::new(problem, reach);
    let mut pulls = Vec::new();
    let mut worst: f64 = 0.0;
    let (mut calls, mut ess) = (0.0, 0.0);
    let runs: Vec<NestedRun> = (0..seeds).map(|seed| nested(&model, config, seed).unwrap()).collect();
    for run in &runs {
        assert_eq!(run.status, NestedStatus::Converged);
        assert!(run.insertion_probability > 1e-4, "{}: {}", model.problem.name, run.insertion_probability);
        pulls.push((run.log_evidence - model.log_evidence()) / run.log_evidence_error);
        calls += run.evaluations as f64;
        ess += run.draws.ess();
    }
    let n = seeds as f64;
    for (i, mean, deviation) in &model.problem.moments {
        for (what, truth, of) in [("mean", *mean, 1), ("variance", deviation * deviation, 2)] {
            let value = |x: &[f64]| if of == 1 { x[*i] } else { (x[*i] - mean).powi(2) };
            let values: Vec<f64> = runs.iter().map(|r| r.draws.mean_of(value)).collect();
            let found = values.iter().sum::<f64>() / n;
            // the shares of separate regions scatter from run to run by more than Kish's size says
            let between = values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / (n - 1.0);
            let within = runs[0].draws.mean_of(|x| (value(x) - truth).powi(2)) * n / ess;
            let pull = (found - truth) / (between.max(within) / n).sqrt();
            worst = worst.max(pull.abs());
            println!("    {what} {i}: {found:.5}, truth {truth:.5}, pull {pull:.2}");
        }
    }
    let mean = pulls.iter().sum::<f64>() / n;
    println!(
        "{}: ln evidence {:.3} ± {:.3}, truth {:.3}; mean pull {mean:.2} of {seeds}, {:.0} calls, {:.0} effective draws, insertion {:.3}",
        model.problem.name,
        runs[0].log_evidence,
        runs[0].log_evidence_error,
        model.log_evidence(),
        calls / n,
        ess / n,
        runs[0].insertion_probability
    );
    // the mean of n pulls scatters by 1/√n
    assert!(mean.abs() < 4.0 / n.sqrt(), "{}: evidence pulls {pulls:?}", model.problem.name);
    assert!(worst < 5.0, "{}: a moment is off by {worst} errors", model.problem.name);
}

#[test]
fn gaussian() {
    check(
        sample_problems::correlated_gaussian(),
        8.0,
        5,
        &NestedConfig { live_points: 250, ..NestedConfig::default() },
    );
}

#[test]
fn bananas() {
    check(sample_problems::banana(), 8.0, 5, &NestedConfig { live_points: 250, ..NestedConfig::default() });
}

#[test]
fn shape_of_a_transit_fit() {
    check(sample_problems::transit_like(), 8.0, 5, &NestedConfig { live_points: 250, ..NestedConfig::default() });
}

#[test]
fn two_modes() {
    check(sample_problems::bimodal(), 3.0, 5, &NestedConfig::default());
}

#[test]
fn rosenbrock() {
    check(sample_problems::rosenbrock(), 9.0, 6, &NestedConfig::default());
}

#[test]
fn shells() {
    check(sample_problems::shells_2(), 9.0, 8, &NestedConfig::default());
    check(sample_problems::shells_5(), 9.0, 5, &NestedConfig::default());
}

#[test]
fn same_bits_from_the_same_seed_however_evaluated() {
    let model = Boxed::new(sample_problems::shells_2(), 9.0);
    let run = |evaluation, seed| {
        let config = NestedConfig { evaluation, live_points: 100, ..NestedConfig::default() };
        let run = nested(&model, &config, seed).unwrap();
        (run.draws, run.log_evidence, run.log_evidence_error)
    };
    let serial = run(Evaluation::Serial, 1);
    assert!(serial == run(Evaluation::Parallel, 1));
    assert!(serial != run(Evaluation::Serial, 2));
}

/// A likelihood that is flat where it is possible: the evidence is the share of the prior.
#[test]
fn flat_likelihood() {
    struct Flat(f64);
    impl PriorTransform for Flat {
        fn dim(&self) -> usize {
            2
        }
        fn place(&self, cube: &[f64], x: &mut [f64]) {
            x.copy_from_slice(cube);
        }
        fn log_likelihood(&self, x: &[f64]) -> f64 {
            if x[0] < self.0 { 0.0 } else { f64::NEG_INFINITY }
        }
    }
    let run = nested(&Flat(0.25), &NestedConfig::default(), 1).unwrap();
    // the share is a binomial of 2,000 tries: 4 % in the logarithm
    assert!((run.log_evidence - 0.25f64.ln()).abs() < 0.16, "{}", run.log_evidence);
    assert!(matches!(nested(&Flat(-1.0), &NestedConfig::default(), 1), Err(SampleError::Impossible { .. })));
    let few = NestedConfig { live_points: 5, ..NestedConfig::default() };
    assert!(matches!(nested(&Flat(0.5), &few, 1), Err(SampleError::LivePoints { found: 5, needed: 14 })));
    let short = NestedConfig { max_evaluations: 1000, ..NestedConfig::default() };
    let run = nested(&Boxed::new(sample_problems::shells_2(), 9.0), &short, 1).unwrap();
    assert!(matches!(run.status, NestedStatus::Evaluations { .. }));
}
