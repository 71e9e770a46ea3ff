//! Intensity of a stellar disc from centre to limb, relative to its centre, as a function of μ = √(1 − ρ²).

use super::radial::{Family, RadialLaw};

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
    /// I = 1 − u1 (1 − μ) − u2 (1 − √μ). Díaz-Cordovés & Giménez 1992 (A&A 259, 227).
    SquareRoot { u1: f64, u2: f64 },
    /// I = 1 − u1 (1 − μ) − u2 μ ln μ. Klinglesmith & Sobieski 1970 (AJ 75, 175).
    Logarithmic { u1: f64, u2: f64 },
    /// I = 1 − c (1 − μ^α), α > 0. Hestroffer 1997 (A&A 327, 199).
    Power2 { c: f64, alpha: f64 },
    /// I = 1 − Σ cₙ (1 − μ^{n/2}), n from 1 to 4. Claret 2000 (A&A 363, 1081).
    Nonlinear { c: [f64; 4] },
}

/// What stands for a law in the kernels.
pub(super) enum Law {
    Quadratic(Quadratic),
    Radial(RadialLaw),
}

impl LimbDarkening {
    /// Names of the coefficients, in the order of derivatives. The linear law's only one is the u1 of the quadratic.
    pub fn coefficient_names(self) -> &'static [&'static str] {
        match self {
            Self::Uniform => &[],
            Self::Linear { .. } => &["u"],
            Self::Quadratic(_) | Self::SquareRoot { .. } | Self::Logarithmic { .. } => &["u1", "u2"],
            Self::Power2 { .. } => &["c", "alpha"],
            Self::Nonlinear { .. } => &["c1", "c2", "c3", "c4"],
        }
    }

    /// I(μ), 1 at the centre of the disc.
    pub fn intensity(self, mu: f64) -> f64 {
        match self {
            Self::SquareRoot { u1, u2 } => 1.0 - u1 * (1.0 - mu) - u2 * (1.0 - mu.sqrt()),
            Self::Logarithmic { u1, u2 } => 1.0 - u1 * (1.0 - mu) - if mu > 0.0 { u2 * mu * mu.ln() } else { 0.0 },
            Self::Power2 { c, alpha } => 1.0 - c * (1.0 - mu.powf(alpha)),
            Self::Nonlinear { c: [c1, c2, c3, c4] } => {
                let root = mu.sqrt();
                1.0 - c1 * (1.0 - root) - c2 * (1.0 - mu) - c3 * (1.0 - mu * root) - c4 * (1.0 - mu * mu)
            }
            Self::Uniform => 1.0,
            Self::Linear { u } => 1.0 - u * (1.0 - mu),
            Self::Quadratic(law) => law.intensity(mu),
        }
    }

    /// The quadratic law of the same intensities, or, for a law that is none, that of the least squares of the difference
    /// over μ.
    pub fn as_quadratic(self) -> Quadratic {
        match self {
            Self::Uniform => Quadratic::default(),
            Self::Linear { u } => Quadratic { u1: u, u2: 0.0 },
            Self::Quadratic(law) => law,
            _ => {
                // 1 − I = u1 x + u2 x², x = 1 − μ: the normal equations have ∫x² = 1/3, ∫x³ = 1/4, ∫x⁴ = 1/5
                let n = 2000;
                let (mut a, mut b) = (0.0, 0.0);
                for x in (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n)) {
                    let drop = 1.0 - self.intensity(1.0 - x);
                    a += drop * x / f64::from(n);
                    b += drop * x * x / f64::from(n);
                }
                Quadratic { u1: 240.0 * (a / 5.0 - b / 4.0), u2: 240.0 * (b / 3.0 - a / 4.0) }
            }
        }
    }

    /// Its form for the kernels.
    pub(super) fn law(self) -> Law {
        let zero = [0.0; 4];
        let half_powers = |[c1, c2, c3, c4]: [f64; 4], order: &[usize]| {
            let mut weights_by = [zero; 4];
            let mut constant_by = zero;
            for (i, n) in order.iter().enumerate() {
                weights_by[i][*n] = 1.0;
                constant_by[i] = -1.0;
            }
            let constant = 1.0 - c1 - c2 - c3 - c4;
            let family = Family::HalfPowers;
            Law::Radial(RadialLaw { family, constant, weights: [c1, c2, c3, c4], constant_by, weights_by })
        };
        match self {
            Self::Uniform | Self::Linear { .. } | Self::Quadratic(_) => Law::Quadratic(self.as_quadratic()),
            Self::SquareRoot { u1, u2 } => half_powers([u2, u1, 0.0, 0.0], &[1, 0]),
            Self::Nonlinear { c } => half_powers(c, &[0, 1, 2, 3]),
            Self::Power2 { c, alpha } => Law::Radial(RadialLaw {
                family: Family::Power(alpha),
                constant: 1.0 - c,
                weights: [c, 0.0, 0.0, 0.0],
                constant_by: [-1.0, 0.0, 0.0, 0.0],
                weights_by: [[1.0, 0.0, 0.0, 0.0], [0.0, c, 0.0, 0.0], zero, zero],
            }),
            Self::Logarithmic { u1, u2 } => Law::Radial(RadialLaw {
                family: Family::Logarithmic,
                constant: 1.0 - u1,
                weights: [u1, -u2, 0.0, 0.0],
                constant_by: [-1.0, 0.0, 0.0, 0.0],
                weights_by: [[1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], zero, zero],
            }),
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
