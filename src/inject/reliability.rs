//! Reliability: the share of candidates that are no false alarms, from what vetting makes of simulated ones.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Beta, Distribution, Gamma};

use super::proportion::Proportion;
use crate::math::quantile_sorted;

/// Draws of an interval, and their seed: intervals are the same in every run.
const DRAWS: usize = 20_000;
const SEED: u64 = 0x5EED;
/// Ends of the central 68.3 % and 95.4 %.
const QUANTILES: [[f64; 2]; 2] =
    [[0.158_655_253_931_457_05, 0.841_344_746_068_543], [0.022_750_131_948_179_21, 0.977_249_868_051_820_8]];

/// Candidates of one kind of light curve by what vetting took them for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispositions {
    /// Taken for planet candidates.
    pub passed: usize,
    /// Taken for false alarms.
    pub false_alarms: usize,
    /// Taken for false positives: eclipses, but of no planet.
    pub false_positives: usize,
}

impl Dispositions {
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.false_alarms += other.false_alarms;
        self.false_positives += other.false_positives;
    }

    pub fn all(&self) -> usize {
        self.passed + self.false_alarms + self.false_positives
    }
}

/// A number with its 68 % and 95 % intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub intervals: [[f64; 2]; 2],
}

impl Estimate {
    const UNKNOWN: Self = Self { value: f64::NAN, intervals: [[f64::NAN; 2]; 2] };

    fn of(value: f64, mut draws: Vec<f64>) -> Self {
        draws.sort_unstable_by(f64::total_cmp);
        // at an end of the scale the central interval leaves the estimate out
        let around =
            |[low, high]: [f64; 2]| [quantile_sorted(&draws, low).min(value), quantile_sorted(&draws, high).max(value)];
        Self { value, intervals: QUANTILES.map(around) }
    }
}

/// Observed and simulated candidates beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reliability {
    pub observed: Dispositions,
    /// Of inverted and of scrambled light curves.
    pub inverted: Dispositions,
    pub scrambled: Dispositions,
    /// Observed light curves for each one that was inverted, and for each one that was scrambled; 0 where there is none.
    pub observed_per_inverted: f64,
    pub observed_per_scrambled: f64,
}

impl Reliability {
    /// Candidates of light curves without planets.
    pub fn simulated(&self) -> Dispositions {
        let mut out = self.inverted;
        out.add(&self.scrambled);
        out
    }

    /// Share of the simulated false alarms that vetting rejects, for whatever reason.
    pub fn effectiveness(&self) -> Proportion {
        let simulated = self.simulated();
        Proportion::new(simulated.all() - simulated.passed, simulated.all())
    }

    /// Reliability from the effectiveness of vetting (Thompson et al. 2018, ApJS 235, 38).
    ///
    /// ```text
    /// R = 1 − N_fail/N_pass · (1 − E)/E
    /// ```
    /// N_fail are the observed candidates taken for false alarms, N_pass those that passed. If vetting passes one in ten false
    /// alarms, nine observed ones that failed mean one that passed. E here is the share of false alarms among the simulated
    /// candidates that passed or were taken for false alarms: eclipses, of which inverted and scrambled light curves have
    /// none, are left out of E as they are out of N_fail.
    ///
    /// Below 0 it is set to 0; NaN where nothing passed, or nothing was simulated. The intervals are those of draws of both
    /// shares from their Beta posteriors under Jeffreys' prior.
    pub fn by_effectiveness(&self) -> Estimate {
        let (simulated, observed) = (self.simulated(), self.observed);
        let known = simulated.passed + simulated.false_alarms;
        if observed.passed == 0 || known == 0 {
            return Estimate::UNKNOWN;
        }
        // (1 − E)/E and N_fail/N_pass
        let of = |leak: f64, fail: f64| (1.0 - leak * fail).max(0.0);
        let value = match (simulated.false_alarms, observed.false_alarms) {
            (_, 0) => 1.0,
            (0, _) => 0.0,
            (rejected, fail) => of(simulated.passed as f64 / rejected as f64, fail as f64 / observed.passed as f64),
        };
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut odds = |a: usize, b: usize| -> Vec<f64> {
            let Ok(beta) = Beta::new(a as f64 + 0.5, b as f64 + 0.5) else { return Vec::new() };
            (0..DRAWS).map(|_| beta.sample(&mut rng)).map(|p: f64| p / (1.0 - p).max(f64::MIN_POSITIVE)).collect()
        };
        let leaks = odds(simulated.passed, simulated.false_alarms);
        let fails = odds(observed.false_alarms, observed.passed);
        Estimate::of(value, leaks.iter().zip(&fails).map(|(l, f)| of(*l, *f)).collect())
    }

    /// False alarms expected among the observed candidates that passed: those that passed in inverted and in scrambled light
    /// curves, for as many light curves as were observed, and the mean of the two where both were made.
    pub fn expected_false_alarms(&self) -> f64 {
        let rates =
            [(self.inverted.passed, self.observed_per_inverted), (self.scrambled.passed, self.observed_per_scrambled)];
        let made: Vec<f64> = rates.iter().filter(|r| r.1 > 0.0).map(|r| r.0 as f64 * r.1).collect();
        if made.is_empty() { f64::NAN } else { made.iter().sum::<f64>() / made.len() as f64 }
    }

    /// Reliability from the number of false alarms expected, without a look at those observed that failed.
    ///
    /// ```text
    /// R = 1 − (false alarms expected) / N_pass
    /// ```
    /// Below 0 it is set to 0; NaN where nothing passed, or nothing was simulated. The intervals are those of draws of all
    /// rates from their Gamma posteriors under Jeffreys' prior for Poisson counts.
    pub fn by_count(&self) -> Estimate {
        let expected = self.expected_false_alarms();
        let passed = self.observed.passed;
        if passed == 0 || expected.is_nan() {
            return Estimate::UNKNOWN;
        }
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut rate = |count: usize| -> Vec<f64> {
            let Ok(gamma) = Gamma::new(count as f64 + 0.5, 1.0) else { return Vec::new() };
            (0..DRAWS).map(|_| gamma.sample(&mut rng)).collect()
        };
        let made =
            [(self.inverted.passed, self.observed_per_inverted), (self.scrambled.passed, self.observed_per_scrambled)];
        let made: Vec<(usize, f64)> = made.into_iter().filter(|r| r.1 > 0.0).collect();
        let rates: Vec<Vec<f64>> = made.iter().map(|r| rate(r.0)).collect();
        let all = rate(passed);
        let draws = (0..DRAWS).map(|i| {
            let expected: f64 = rates.iter().zip(&made).map(|(draws, r)| draws[i] * r.1).sum();
            (1.0 - expected / made.len() as f64 / all[i]).max(0.0)
        });
        Estimate::of((1.0 - expected / passed as f64).max(0.0), draws.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispositions(passed: usize, false_alarms: usize, false_positives: usize) -> Dispositions {
        Dispositions { passed, false_alarms, false_positives }
    }

    #[test]
    fn the_formula_of_thompson_2018() {
        let r = Reliability {
            observed: dispositions(100, 300, 40),
            inverted: dispositions(4, 196, 0),
            scrambled: dispositions(6, 194, 0),
            observed_per_inverted: 1.0,
            observed_per_scrambled: 1.0,
        };
        // E = 390/400, R = 1 − 3 · (10/390)
        assert_eq!(r.effectiveness(), Proportion::new(390, 400));
        let got = r.by_effectiveness();
        assert!((got.value - (1.0 - 3.0 * 10.0 / 390.0)).abs() < 1e-12);
        // leak 10/390 is known to about √(1/10 + 1/390) = 32 %, and 300/100 to 12 %
        let sigma = 3.0 * 10.0 / 390.0 * (0.1f64 + 1.0 / 390.0 + 0.01 + 1.0 / 300.0).sqrt();
        let [low, high] = got.intervals[0];
        assert!(((high - low) / (2.0 * sigma) - 1.0).abs() < 0.1, "{low} {high} {sigma}");
        assert!(low < got.value && got.value < high);
        // 5 expected of 100
        let counted = r.by_count();
        assert!((counted.value - 0.95).abs() < 1e-12);
        let sigma = 0.05 * (10.0f64.recip() + 100.0f64.recip()).sqrt();
        let [low, high] = counted.intervals[0];
        assert!(((high - low) / (2.0 * sigma) - 1.0).abs() < 0.15, "{low} {high} {sigma}");
    }

    #[test]
    fn counts_of_zero_have_intervals_and_no_data_none() {
        let clean = Reliability {
            observed: dispositions(50, 0, 0),
            inverted: dispositions(0, 200, 0),
            observed_per_inverted: 1.0,
            ..Reliability::default()
        };
        let got = clean.by_effectiveness();
        assert_eq!(got.value, 1.0);
        assert!(got.intervals[1][0] > 0.99, "{got:?}");
        assert_eq!(clean.expected_false_alarms(), 0.0);
        assert!(clean.by_count().intervals[1][0] > 0.9);
        let nothing = Reliability { observed: dispositions(3, 1, 0), ..Reliability::default() };
        assert!(nothing.by_effectiveness().value.is_nan() && nothing.by_count().value.is_nan());
        let useless = Reliability { inverted: dispositions(9, 0, 0), ..nothing };
        assert_eq!(useless.by_effectiveness().value, 0.0);
    }

    /// The width of an interval of nothing seen in n, from the Beta distribution itself: scipy 1.17.1 stats.beta.ppf(Φ(1), 0.5,
    /// 200.5) = 0.004949.
    #[test]
    fn draws_are_from_the_posterior() {
        let r = Reliability {
            observed: dispositions(500_000, 500_000, 0),
            inverted: dispositions(0, 200, 0),
            observed_per_inverted: 1.0,
            ..Reliability::default()
        };
        let [low, _] = r.by_effectiveness().intervals[0];
        let p = 1.0 - low;
        assert!((p / (1.0 + p) / 0.004_949 - 1.0).abs() < 0.05, "{p}");
    }
}
