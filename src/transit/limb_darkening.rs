//! Intensity of a stellar disc from centre to limb, relative to its centre, as a function of μ = √(1 − ρ²).

/// Quadratic law I(μ) = 1 − u1 (1 − μ) − u2 (1 − μ)².
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quadratic {
    pub u1: f64,
    pub u2: f64,
}

impl Quadratic {
    /// From the parameters whose unit square is exactly the set of positive, outwards falling intensities:
    /// u1 = 2 √q1 q2, u2 = √q1 (1 − 2 q2). Kipping 2013 (MNRAS 435, 2152).
    pub fn from_q(q1: f64, q2: f64) -> Self {
        let root = q1.sqrt();
        Self { u1: 2.0 * root * q2, u2: root * (1.0 - 2.0 * q2) }
    }

    /// (q1, q2) = ((u1 + u2)², u1 / 2 (u1 + u2)), the inverse of [`from_q`](Self::from_q).
    ///
    /// q2 is undefined for u1 + u2 = 0, and 1/2 is returned there: `from_q(0, q2)` is the uniform disc for every q2.
    pub fn to_q(self) -> (f64, f64) {
        let sum = self.u1 + self.u2;
        (sum * sum, if sum == 0.0 { 0.5 } else { 0.5 * self.u1 / sum })
    }

    /// I(μ), 1 at the centre of the disc.
    pub fn intensity(self, mu: f64) -> f64 {
        let x = 1.0 - mu;
        1.0 - x * (self.u1 + x * self.u2)
    }

    /// Flux of the whole disc over that of a uniform one, 1 − u1/3 − u2/6: the mean intensity.
    pub fn mean_intensity(self) -> f64 {
        1.0 - self.u1 / 3.0 - self.u2 / 6.0
    }
}

/// A limb-darkening law with its coefficients.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimbDarkening {
    /// I = 1.
    #[default]
    Uniform,
    /// I = 1 − u (1 − μ).
    Linear { u: f64 },
    /// I = 1 − u1 (1 − μ) − u2 (1 − μ)².
    Quadratic(Quadratic),
}

impl LimbDarkening {
    /// The same intensities as a quadratic law.
    pub fn as_quadratic(self) -> Quadratic {
        match self {
            Self::Uniform => Quadratic::default(),
            Self::Linear { u } => Quadratic { u1: u, u2: 0.0 },
            Self::Quadratic(law) => law,
        }
    }
}

impl From<Quadratic> for LimbDarkening {
    fn from(law: Quadratic) -> Self {
        Self::Quadratic(law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kipping_parameters_there_and_back() {
        for (q1, q2) in [(0.3, 0.4), (1.0, 0.0), (0.01, 1.0), (0.5, 0.5)] {
            let law = Quadratic::from_q(q1, q2);
            let (r1, r2) = law.to_q();
            assert!((r1 - q1).abs() < 1e-15 && (r2 - q2).abs() < 1e-15, "{law:?}");
            // limb intensity is 1 − √q1
            assert!((law.intensity(0.0) - (1.0 - q1.sqrt())).abs() < 1e-15);
        }
        assert_eq!(Quadratic::default().to_q(), (0.0, 0.5));
    }

    #[test]
    fn mean_intensity_is_the_integral_over_the_disc() {
        let law = Quadratic { u1: 0.4804, u2: 0.1867 };
        // 2 ∫ I(μ) μ dμ by the midpoint rule, whose error is h²/24 times the change of slope
        let n = 10_000;
        let sum: f64 = (0..n).map(|i| (i as f64 + 0.5) / n as f64).map(|mu| 2.0 * mu * law.intensity(mu)).sum();
        assert!((sum / n as f64 - law.mean_intensity()).abs() < 1e-8);
    }

    #[test]
    fn laws_as_quadratic() {
        assert_eq!(LimbDarkening::Uniform.as_quadratic().intensity(0.2), 1.0);
        assert!((LimbDarkening::Linear { u: 0.5 }.as_quadratic().intensity(0.2) - 0.6).abs() < 1e-15);
    }
}
