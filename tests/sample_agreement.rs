//! The four samplers on one density of the shape of a transit fit: the same medians and 68 % intervals, and evidences.

mod sample_problems;

use antumbra::sample::importance::{ImportanceConfig, ImportanceStatus, importance_sample};
use antumbra::sample::moves::Mixture;
use antumbra::sample::nested::{NestedConfig, PriorTransform, nested};
use antumbra::sample::nuts::{NutsConfig, Spread, nuts};
use antumbra::sample::{Chain, LogDensity, RunConfig, Status, WeightedDraws, run_until_converged};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use sample_problems::Problem;

const PROBABILITIES: [f64; 3] = [0.16, 0.5, 0.84];

/// The problem within flat limits, eight deviations wide where it has none.
struct Boxed(Problem);

impl Boxed {
    fn limits(&self, i: usize) -> (f64, f64) {
        let (b, (centre, deviation)) = (self.0.bounds(i), &self.0.modes[0]);
        (b.lower.max(centre[i] - 8.0 * deviation[i]), b.upper.min(centre[i] + 8.0 * deviation[i]))
    }
}

impl PriorTransform for Boxed {
    fn dim(&self) -> usize {
        self.0.dim
    }
    fn place(&self, cube: &[f64], x: &mut [f64]) {
        for (i, x) in x.iter_mut().enumerate() {
            let (lower, upper) = self.limits(i);
            *x = lower + (upper - lower) * cube[i];
        }
    }
    fn log_likelihood(&self, x: &[f64]) -> f64 {
        self.0.log_density(x)
    }
}

fn of_chain(chain: &Chain, i: usize) -> [f64; 3] {
    let mut values = chain.parameter(i).concat();
    values.sort_unstable_by(f64::total_cmp);
    PROBABILITIES.map(|p| values[(p * values.len() as f64) as usize])
}

fn of_weighted(draws: &WeightedDraws, i: usize) -> [f64; 3] {
    let q = draws.quantiles(i, &PROBABILITIES);
    [q[0], q[1], q[2]]
}

#[test]
fn all_samplers_agree() {
    let model = Boxed(sample_problems::transit_like());
    let problem = &model.0;
    let (centre, deviation) = &problem.modes[0];
    let mut rng = StdRng::seed_from_u64(3);
    let start: Vec<Vec<f64>> = (0..48)
        .map(|_| {
            let mut x = |i: usize| centre[i] + 0.3 * deviation[i] * rng.sample::<f64, _>(StandardNormal);
            let bounds: Vec<_> = (0..8).map(|i| problem.bounds(i)).collect();
            (0..8).map(|i| x(i).clamp(bounds[i].lower + 0.01, bounds[i].upper - 0.01)).collect()
        })
        .collect();

    let importance = importance_sample(
        problem,
        &problem.starting_modes(),
        &ImportanceConfig { min_ess: 4000.0, ..Default::default() },
        1,
    )
    .unwrap();
    assert_eq!(importance.status, ImportanceStatus::Converged);
    let config = RunConfig { min_ess: 4000.0, max_steps: 200_000, ..RunConfig::default() };
    let (ensemble, diagnostics, status) = run_until_converged(problem, &start, Mixture::default(), &config, 2).unwrap();
    assert_eq!(status, Status::Converged);
    let config = NutsConfig { min_ess: 4000.0, ..NutsConfig::default() };
    let nuts = nuts(problem, &start[..4], Spread::Deviations(deviation), &config, 3).unwrap();
    assert_eq!(nuts.status, Status::Converged);
    let nested = nested(&model, &NestedConfig { live_points: 1000, ..NestedConfig::default() }, 4).unwrap();
    println!(
        "calls: importance {}, ensemble {}, NUTS {} gradients, nested {}",
        importance.evaluations, diagnostics.evaluations, nuts.evaluations, nested.evaluations
    );

    for i in 0..8 {
        let found = [
            of_weighted(&importance.draws, i),
            of_chain(&ensemble, i),
            of_chain(&nuts.chain, i),
            of_weighted(&nested.draws, i),
        ];
        let half_width = (found[2][2] - found[2][0]) / 2.0;
        println!("coordinate {i}: {found:.5?}");
        for (k, p) in PROBABILITIES.iter().enumerate() {
            // errors of a quantile: √(p (1 − p)/n)/density; up to 1.7 half-widths over √4000 each, a coordinate in 0..1 more
            for other in &found {
                let gap = (other[k] - found[2][k]) / half_width;
                assert!(gap.abs() < 0.15, "coordinate {i} at {p}: {found:?}");
            }
        }
    }
    let volume: f64 = (0..8).map(|i| (model.limits(i).1 - model.limits(i).0).ln()).sum();
    let gap = importance.log_evidence - (nested.log_evidence + volume);
    let error = importance.log_evidence_error.hypot(nested.log_evidence_error);
    println!(
        "ln evidence: {:.3} ± {:.3}, nested {gap:.3} ± {error:.3} below",
        importance.log_evidence, importance.log_evidence_error
    );
    assert!(gap.abs() < 4.0 * error, "{gap} ± {error}");
}
