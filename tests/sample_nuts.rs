//! The no-U-turn sampler on densities whose moments are known.

mod sample_problems;

use std::ops::ControlFlow;
use std::time::Duration;

use antumbra::sample::diagnostics::ess_mean;
use antumbra::sample::nuts::{
    GradientLogDensity, MetricKind, NutsCheckpoint, NutsConfig, NutsProgress, NutsRun, Spread, continue_nuts, nuts,
};
use antumbra::sample::{Bounds, Evaluation, Every, LogDensity, SampleError, Status};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use sample_problems::Problem;

/// Four starts scattered by half a deviation around the modes in turn, inside the bounds.
fn starts(problem: &Problem, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..4)
        .map(|c| {
            let (centre, deviation) = &problem.modes[c % problem.modes.len()];
            (0..problem.dim)
                .map(|i| {
                    let b = problem.bounds(i);
                    let x = centre[i] + 0.5 * deviation[i] * rng.sample::<f64, _>(StandardNormal);
                    x.clamp(b.lower + 0.01, b.upper - 0.01)
                })
                .collect()
        })
        .collect()
}

/// Means and variances within `tolerance` of their Monte-Carlo errors.
fn check_moments(problem: &Problem, run: &NutsRun, tolerance: f64) {
    let n = (run.chain.draws() * run.chain.walkers()) as f64;
    for (i, mean, deviation) in &problem.moments {
        for (what, truth, series) in [
            ("mean", *mean, run.chain.parameter(*i)),
            ("variance", deviation * deviation, run.chain.series(|x| (x[*i] - mean).powi(2))),
        ] {
            let found = series.iter().flatten().sum::<f64>() / n;
            let spread = (series.iter().flatten().map(|v| (v - found).powi(2)).sum::<f64>() / n).sqrt();
            let error = spread / ess_mean(&series).sqrt();
            let pull = (found - truth) / error;
            println!("    {what} {i}: {found:.5} ± {error:.5}, truth {truth:.5}");
            assert!(pull.abs() < tolerance, "{} {what} {i}: {found} ± {error}, truth {truth}", problem.name);
        }
    }
}

fn check(problem: &Problem, config: &NutsConfig) -> NutsRun {
    let run = nuts(problem, &starts(problem, 1), Spread::Deviations(&problem.modes[0].1), config, 7).unwrap();
    let least = run.ess_bulk.iter().chain(&run.ess_tail).copied().fold(f64::INFINITY, f64::min);
    println!(
        "{}: {} draws, least ess {least:.0}, {:.4} a gradient, acceptance {:.2}, divergences {}, steps {:.3?}, {:?}",
        problem.name,
        run.chain.draws() * 4,
        least / run.evaluations as f64,
        run.acceptance,
        run.divergences,
        run.step_sizes,
        run.status
    );
    assert_eq!(run.status, Status::Converged);
    check_moments(problem, &run, 4.0);
    run
}

fn config() -> NutsConfig {
    NutsConfig { min_ess: 4000.0, draws: 1000, max_draws: 40_000, ..NutsConfig::default() }
}

#[test]
fn gaussian_by_both_metrics() {
    for metric in [MetricKind::Dense, MetricKind::Diagonal] {
        let run = check(&sample_problems::correlated_gaussian(), &NutsConfig { metric, ..config() });
        assert_eq!(run.divergences, 0);
        assert!((0.7..0.95).contains(&run.acceptance));
    }
}

#[test]
fn bananas() {
    check(&sample_problems::banana(), &config());
}

#[test]
fn shape_of_a_transit_fit() {
    check(&sample_problems::transit_like(), &config());
}

/// The valley is 300 times as long as it is wide and bent, so that steps are tiny: the run is right, or says that it is not
/// done.
#[test]
fn rosenbrock_is_right_or_said_not_to_be() {
    let problem = sample_problems::rosenbrock();
    let config = NutsConfig { target_acceptance: 0.95, max_draws: 5000, min_ess: 400.0, ..config() };
    let run = nuts(&problem, &starts(&problem, 1), Spread::Unknown, &config, 7).unwrap();
    println!("Rosenbrock: {} divergences, ess {:?}, {:?}", run.divergences, run.ess_bulk, run.status);
    if run.status == Status::Converged {
        check_moments(&problem, &run, 5.0);
    }
    assert!(run.status == Status::Converged || run.evaluations > 100_000);
}

/// The neck of the funnel is too narrow for any one step size: the run must say so by divergences, and does not converge
/// quietly to a wrong answer.
#[test]
fn funnel_is_said_to_diverge() {
    let problem = sample_problems::funnel();
    let run =
        nuts(&problem, &starts(&problem, 1), Spread::Unknown, &NutsConfig { max_draws: 8000, ..config() }, 3).unwrap();
    println!("funnel: {} divergences, {:?}", run.divergences, run.status);
    assert!(run.divergences > 0);
}

/// A half-normal, a flat and an upper-bounded coordinate: their means are √(2/π), 1/2 and −1.
#[test]
fn limits_are_respected() {
    struct Limited;
    impl LogDensity for Limited {
        fn dim(&self) -> usize {
            3
        }
        fn log_density(&self, x: &[f64]) -> f64 {
            self.log_density_gradient(x, &mut [0.0; 3])
        }
        fn bounds(&self, coordinate: usize) -> Bounds {
            match coordinate {
                0 => Bounds { lower: 0.0, upper: f64::INFINITY },
                1 => Bounds { lower: 0.0, upper: 1.0 },
                _ => Bounds { lower: f64::NEG_INFINITY, upper: 0.0 },
            }
        }
    }
    impl GradientLogDensity for Limited {
        fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            gradient.copy_from_slice(&[-x[0], 0.0, 1.0]);
            -0.5 * x[0] * x[0] + x[2]
        }
    }
    let start = vec![vec![0.0, 0.0, 0.0], vec![1.0, 1.0, -1.0], vec![0.3, 0.5, -2.0], vec![2.0, 0.2, -0.1]];
    let run = nuts(&Limited, &start, Spread::Unknown, &config(), 5).unwrap();
    assert_eq!(run.status, Status::Converged);
    let n = (run.chain.draws() * 4) as f64;
    for (i, truth, deviation) in [(0, 0.797_885, 0.6028), (1, 0.5, 0.2887), (2, -1.0, 1.0)] {
        let series = run.chain.parameter(i);
        let mean = series.iter().flatten().sum::<f64>() / n;
        let error = deviation / ess_mean(&series).sqrt();
        assert!((mean - truth).abs() < 4.0 * error, "{i}: {mean} ± {error}");
        let x = run.chain.position(10, 1);
        assert!((run.chain.log_density(10, 1) - Limited.log_density(x)).abs() < 1e-9);
    }
}

#[test]
fn same_bits_from_the_same_seed_however_run() {
    let problem = sample_problems::bimodal();
    let config = NutsConfig { warm_up: 200, draws: 100, max_draws: 100, ..NutsConfig::default() };
    let run = |evaluation, seed| {
        let config = NutsConfig { evaluation, ..config.clone() };
        nuts(&problem, &starts(&problem, 1), Spread::Unknown, &config, seed).unwrap().chain
    };
    let serial = run(Evaluation::Serial, 1);
    assert!(serial == run(Evaluation::Parallel, 1));
    assert!(serial != run(Evaluation::Serial, 2));
}

/// Chains in two far modes never mix, and R-hat says so.
#[test]
fn two_modes_are_not_converged() {
    let problem = sample_problems::bimodal();
    let run =
        nuts(&problem, &starts(&problem, 1), Spread::Unknown, &NutsConfig { max_draws: 2000, ..config() }, 3).unwrap();
    assert!(matches!(run.status, Status::NotConverged(_)) && run.r_hat[0] > 1.5, "{:?}", run.r_hat);
}

#[test]
fn bad_starts_are_refused() {
    let problem = sample_problems::transit_like();
    let config = NutsConfig::default();
    let run = |start: &[Vec<f64>]| nuts(&problem, start, Spread::Unknown, &config, 1).map(|_| ()).unwrap_err();
    assert_eq!(run(&[]), SampleError::NoMode);
    assert_eq!(run(&[vec![0.0; 3]]), SampleError::Dimension { walker: 0, found: 3, dim: 8 });
    let nowhere = Problem { log_density: |_| f64::NAN, ..sample_problems::transit_like() };
    assert!(matches!(
        nuts(&nowhere, &[vec![0.5; 8]], Spread::Unknown, &config, 1),
        Err(SampleError::Start { walker: 0, .. })
    ));
}

/// A time known to a millionth beside numbers of order one, and tied to one of them: draws that show the spread are all the
/// metric needs.
#[test]
fn scales_that_differ_by_a_million_cost_nothing() {
    const FINE: f64 = 1e-6;
    struct Scaled;
    impl LogDensity for Scaled {
        fn dim(&self) -> usize {
            2
        }
        fn log_density(&self, x: &[f64]) -> f64 {
            self.log_density_gradient(x, &mut [0.0; 2])
        }
    }
    impl GradientLogDensity for Scaled {
        fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            // x0 ~ N(0, 1); x1 ~ N(FINE x0, (FINE/5)²)
            let rest = (x[1] / FINE - x[0]) * 5.0;
            gradient.copy_from_slice(&[-x[0] + 5.0 * rest, -5.0 * rest / FINE]);
            -0.5 * (x[0] * x[0] + rest * rest)
        }
    }
    let mut rng = StdRng::seed_from_u64(3);
    let draws: Vec<Vec<f64>> = (0..100)
        .map(|_| {
            let (a, b): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
            vec![a, FINE * (a + 0.2 * b)]
        })
        .collect();
    let config = NutsConfig { warm_up: 200, ..config() };
    for spread in [Spread::Draws(&draws), Spread::Deviations(&[1.0, FINE])] {
        let run = nuts(&Scaled, &draws[..4], spread, &config, 9).unwrap();
        assert_eq!(run.status, Status::Converged);
        let transitions = 4 * (config.warm_up + run.chain.draws());
        // an isotropic Gaussian takes three or so
        assert!(run.evaluations < 12 * transitions, "{} in {transitions}", run.evaluations);
        let n = (run.chain.draws() * 4) as f64;
        let squares = run.chain.series(|x| (x[1] / FINE).powi(2));
        let variance = squares.iter().flatten().sum::<f64>() / n;
        assert!((variance / 1.04 - 1.0).abs() < 4.0 * (2.0 / ess_mean(&squares)).sqrt(), "{variance}");
    }
}

/// All of a run that a caller sees, but for the coordinates of its chain.
fn summary(run: &NutsRun) -> String {
    let NutsRun { ess_bulk, ess_tail, r_hat, divergences, cut, step_sizes, acceptance, evaluations, status, .. } = run;
    format!(
        "{ess_bulk:?} {ess_tail:?} {r_hat:?} {divergences} {cut} {step_sizes:?} {acceptance} {evaluations} {status:?}"
    )
}

/// A run that is broken off at every chance, written to JSON and read again each time.
fn broken_off(problem: &Problem, config: &NutsConfig, every: Every, start: NutsCheckpoint) -> (NutsRun, Vec<usize>) {
    let mut draws = Vec::new();
    let mut text = serde_json::to_string(&start).unwrap();
    loop {
        let read: NutsCheckpoint = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        match continue_nuts(problem, read, config, every, |_| ControlFlow::Break(())).unwrap() {
            NutsProgress::Done(run) => return (run, draws),
            NutsProgress::Paused(next) => {
                draws.push(next.draws());
                text = serde_json::to_string(&next).unwrap();
            }
        }
    }
}

/// Broken off within warming up (windows end at 34, 74 and 190 of 200 transitions) and between draws, a run has the bits of one
/// left alone.
#[test]
fn runs_that_were_broken_off_have_the_same_bits() {
    let problem = sample_problems::transit_like();
    for (metric, evaluation) in [(MetricKind::Dense, Evaluation::Serial), (MetricKind::Diagonal, Evaluation::Parallel)]
    {
        let config =
            NutsConfig { warm_up: 200, draws: 100, max_draws: 330, min_ess: 1e9, metric, evaluation, ..config() };
        let (from, spread) = (starts(&problem, 1), Spread::Deviations(&problem.modes[0].1));
        let alone = nuts(&problem, &from, spread, &config, 7).unwrap();
        assert!(alone.chain.draws() >= 330);
        for (every, least) in [(Every::Draws(1), 400), (Every::Draws(33), 12), (Every::Time(Duration::ZERO), 400)] {
            let start = NutsCheckpoint::new(&problem, &from, spread, &config, 7).unwrap();
            let (run, pauses) = broken_off(&problem, &config, every, start);
            let in_warm_up = pauses.iter().filter(|d| **d == 0).count();
            assert!(pauses.len() > least && in_warm_up > 5 && pauses.len() - in_warm_up > 5, "{pauses:?}");
            assert!(run.chain == alone.chain && summary(&run) == summary(&alone), "{every:?} {metric:?}");
        }
    }
}

#[test]
fn checkpoints_that_do_not_fit_are_refused() {
    let problem = sample_problems::transit_like();
    let config = NutsConfig { warm_up: 50, draws: 20, max_draws: 20, ..NutsConfig::default() };
    let new = || NutsCheckpoint::new(&problem, &starts(&problem, 1), Spread::Unknown, &config, 7).unwrap();
    let go_on = |problem: &Problem, checkpoint: NutsCheckpoint| {
        continue_nuts(problem, checkpoint, &config, Every::Draws(1), |_| ControlFlow::Continue(())).map(|_| ())
    };
    let refused = |found, dim| Err(SampleError::Checkpoint { found, dim });
    assert_eq!(go_on(&sample_problems::banana(), new()), refused(8, sample_problems::banana().dim));
    let text = serde_json::to_string(&new()).unwrap();
    let with = |from: &str, to: &str| serde_json::from_str::<NutsCheckpoint>(&text.replacen(from, to, 1));
    assert!(text.contains("\"look_at\":20"));
    assert_eq!(
        go_on(&problem, with("\"positions\":\"\"", "\"positions\":\"0000000000000000\"").unwrap()),
        refused(8, 8)
    );
    assert_eq!(go_on(&problem, with("\"look_at\":20", "\"look_at\":0").unwrap()), refused(0, 8));
    for (from, to) in [("\"positions\":\"\"", "\"positions\":\"00\""), ("\"positions\":\"\"", "\"positions\":\"é\"")] {
        assert!(with(from, to).is_err());
    }
}
