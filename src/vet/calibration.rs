//! From a score to a probability.

use nalgebra::{Matrix3, Vector3};
use serde::{Deserialize, Serialize};

/// The probability that a candidate is no false alarm, from its score s and its S/N under white and red noise:
///
/// ```text
/// ln p / (1 − p) = intercept + score · s + ln_snr · ln S/N
/// ```
///
/// It holds for light curves like those that it was fitted to, and says nothing of eclipses: a candidate taken for those of a
/// binary has none. `antumbra inject` fits one (see [`Calibration::fit`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub intercept: f64,
    pub score: f64,
    pub ln_snr: f64,
}

/// A candidate of which it is known whether it is real.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Labelled {
    pub score: f64,
    /// Under white and red noise; positive.
    pub snr: f64,
    pub is_real: bool,
    /// Candidates of an observation that it stands for.
    pub weight: f64,
}

/// Standard deviations of the Gaussian priors of the intercept and the two slopes: where all that is real has a higher score
/// than all that is not, the likelihood alone knows no largest slope.
const PRIOR_SIGMAS: [f64; 3] = [20.0, 5.0, 5.0];
const MOST_STEPS: usize = 100;

impl Calibration {
    /// Between 0 and 1; NaN where the score or the S/N is none.
    pub fn probability(&self, score: f64, snr: f64) -> f64 {
        logistic(self.intercept + self.score * score + self.ln_snr * snr.ln())
    }

    /// Weighted logistic regression by Newton's method, with Gaussian priors 5 wide about slopes of zero. `None` where one of the two
    /// kinds is missing.
    pub fn fit(candidates: &[Labelled]) -> Option<Self> {
        let usable = |c: &&Labelled| c.score.is_finite() && c.snr > 0.0 && c.snr.is_finite() && c.weight > 0.0;
        let rows: Vec<(Vector3<f64>, f64, f64)> = candidates
            .iter()
            .filter(usable)
            .map(|c| (Vector3::new(1.0, c.score, c.snr.ln()), f64::from(u8::from(c.is_real)), c.weight))
            .collect();
        if rows.iter().all(|r| r.1 == 1.0) || rows.iter().all(|r| r.1 == 0.0) {
            return None;
        }
        let precision = Vector3::from_iterator(PRIOR_SIGMAS.iter().map(|s| 1.0 / (s * s)));
        let loss = |beta: &Vector3<f64>| {
            let data: f64 = rows
                .iter()
                .map(|(x, real, weight)| {
                    let odds = x.dot(beta);
                    // ln(1 + e^odds) − real · odds
                    weight * (odds.max(0.0) + (-odds.abs()).exp().ln_1p() - real * odds)
                })
                .sum();
            data + 0.5 * beta.component_mul(&precision).dot(beta)
        };
        let mut beta = Vector3::zeros();
        for _ in 0..MOST_STEPS {
            let mut gradient = beta.component_mul(&precision);
            let mut curvature = Matrix3::from_diagonal(&precision);
            for (x, real, weight) in &rows {
                let p = logistic(x.dot(&beta));
                gradient += x * (weight * (p - real));
                curvature += x * x.transpose() * (weight * p * (1.0 - p));
            }
            let mut step = curvature.cholesky()?.solve(&gradient);
            let before = loss(&beta);
            while loss(&(beta - step)) > before && step.norm() > 1e-12 {
                step *= 0.5;
            }
            beta -= step;
            if step.norm() < 1e-10 {
                break;
            }
        }
        Some(Self { intercept: beta[0], score: beta[1], ln_snr: beta[2] })
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn the_truth_is_found_and_probabilities_are_shares() {
        let truth = Calibration { intercept: -7.0, score: 4.0, ln_snr: 2.0 };
        let mut rng = StdRng::seed_from_u64(4);
        let mut draw = || {
            let (score, snr) = (rng.random::<f64>(), 6.0 * 10f64.powf(rng.random::<f64>()));
            let is_real = rng.random::<f64>() < truth.probability(score, snr);
            Labelled { score, snr, is_real, weight: 1.0 }
        };
        let rows: Vec<Labelled> = (0..20_000).map(|_| draw()).collect();
        let fitted = Calibration::fit(&rows).unwrap();
        for (name, a, b) in
            [("score", fitted.score, 4.0), ("ln_snr", fitted.ln_snr, 2.0), ("intercept", fitted.intercept, -7.0)]
        {
            assert!((a - b).abs() < 0.05 * b.abs(), "{name} {a}");
        }
        // twice the weight of what is real is twice the odds
        let weigh = |r: &Labelled| Labelled { weight: if r.is_real { 2.0 } else { 1.0 }, ..*r };
        let heavier = Calibration::fit(&rows.iter().map(weigh).collect::<Vec<_>>()).unwrap();
        let odds = |c: &Calibration| c.probability(0.5, 15.0) / (1.0 - c.probability(0.5, 15.0));
        assert!((odds(&heavier) / odds(&fitted) - 2.0).abs() < 0.1);
        assert!(fitted.probability(f64::NAN, 10.0).is_nan());
    }

    #[test]
    fn kinds_that_the_score_keeps_apart_have_a_fit() {
        let of = |score: f64, is_real: bool| Labelled { score, snr: 10.0, is_real, weight: 1.0 };
        let rows: Vec<Labelled> = (0..50).map(|_| of(0.0, false)).chain((0..50).map(|_| of(1.0, true))).collect();
        let fitted = Calibration::fit(&rows).unwrap();
        assert!(fitted.probability(1.0, 10.0) > 0.95 && fitted.probability(0.0, 10.0) < 0.05, "{fitted:?}");
        assert!(Calibration::fit(&rows[..50]).is_none());
    }
}
