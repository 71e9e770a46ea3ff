//! Shares of counts and counts themselves, with intervals.

/// Half-widths of the central 68.3 % and 95.4 % of a normal distribution, in its standard deviations: the same 68 % and 95 %
/// as in the tables of fits.
pub const SIGMAS: [f64; 2] = [1.0, 2.0];

/// So many out of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    pub successes: usize,
    pub trials: usize,
}

impl Proportion {
    pub fn new(successes: usize, trials: usize) -> Self {
        Self { successes, trials }
    }

    /// The share; NaN of nothing.
    pub fn share(&self) -> f64 {
        self.successes as f64 / self.trials as f64
    }

    /// The interval of Wilson 1927 (J. Am. Stat. Assoc. 22, 209) at `z` standard deviations: all shares from which what was
    /// counted is no further than that.
    ///
    /// ```text
    /// (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
    /// ```
    /// For small n it covers the truth as often as it says (Brown, Cai & DasGupta 2001, Stat. Sci. 16, 101), and none or all
    /// of n still give an interval. 0 to 1 of nothing.
    pub fn interval(&self, z: f64) -> (f64, f64) {
        if self.trials == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (self.trials as f64, self.share());
        let z2 = z * z / n;
        let half = (z2 * (p * (1.0 - p) + 0.25 * z2)).sqrt();
        let at = |sign: f64| ((p + 0.5 * z2 + sign * half) / (1.0 + z2)).clamp(0.0, 1.0);
        // exact where rounding would leave 1e-17
        let low = if self.successes == 0 { 0.0 } else { at(-1.0) };
        let high = if self.successes == self.trials { 1.0 } else { at(1.0) };
        (low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// astropy 8.0.2, binom_conf_interval(k, n, 2 Φ(z) − 1, interval="wilson"), which differs by its own rounding.
    #[test]
    fn intervals_are_those_of_others() {
        for (k, n, z, low, high) in [
            (0, 10, 1.0, 0.0, 0.090_909_090_909_090_91),
            (10, 10, 2.0, 0.714_285_714_285_714_3, 1.0),
            (3, 10, 1.0, 0.178_820_820_756_764_61, 0.457_542_815_606_871_7),
            (91, 100, 2.0, 0.835_932_667_726_061_1, 0.952_528_870_735_477_4),
        ] {
            let (a, b) = Proportion::new(k, n).interval(z);
            assert!((a - low).abs() < 1e-12 && (b - high).abs() < 1e-12, "{k}/{n}: {a} {b}");
        }
        assert_eq!(Proportion::new(0, 0).interval(1.0), (0.0, 1.0));
        assert!(Proportion::new(0, 0).share().is_nan());
    }

    /// Brown, Cai & DasGupta 2001: the mean coverage over p in (0, 1) stays near the nominal 95 %, here of 1.96 standard
    /// deviations and n = 50, by summing the binomial distribution.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let n = 50_usize;
        let mut mean = 0.0;
        let places = 199;
        for i in 1..=places {
            let p = f64::from(i) / f64::from(places + 1);
            let mut chance = (1.0 - p).powi(n as i32);
            for k in 0..=n {
                let (low, high) = Proportion::new(k, n).interval(1.959_963_984_540_054);
                if (low..=high).contains(&p) {
                    mean += chance / f64::from(places);
                }
                chance *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
        }
        assert!((mean - 0.95).abs() < 0.005, "{mean}");
    }
}
