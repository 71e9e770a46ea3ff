//! Bulirsch's general complete elliptic integral, several at a time on one arithmetic-geometric mean.
//!
//! ```text
//!                    π/2      a cos²θ + b sin²θ                 dθ
//! cel(kc, p, a, b) =  ∫       ─────────────────  ─────────────────────────────
//!                     0        cos²θ + p sin²θ    √(cos²θ + kc² sin²θ)
//! ```
//! Bulirsch 1969 (Numerische Mathematik 13, 305), for p > 0 and kc > 0.

use std::f64::consts::FRAC_PI_2;

/// The mean converges quadratically, so at this relative difference the next step would be exact.
const CONVERGED: f64 = 1e-8;

/// cel(kc, p, a, b) of the third kind together with cel(kc, 1, aᵢ, bᵢ) for `N` pairs of numerators.
///
/// At p = 1 the recurrence of p coincides with that of the mean itself, so that the pairs cost no square root.
#[inline]
pub(super) fn cel_joint<const N: usize>(
    kc: f64,
    p: f64,
    third: (f64, f64),
    mut pairs: [(f64, f64); N],
) -> (f64, [f64; N]) {
    debug_assert!(kc > 0.0 && p > 0.0);
    let (mut k, mut e, mut m) = (kc, kc, 1.0);
    let mut p = p.sqrt();
    let (mut a, mut b) = (third.0, third.1 / p);
    loop {
        let inverse = 1.0 / p;
        let g = e * inverse;
        (a, b) = (a + b * inverse, 2.0 * (b + a * g));
        p += g;
        let inverse = 1.0 / m;
        let g = e * inverse;
        for (a, b) in &mut pairs {
            (*a, *b) = (*a + *b * inverse, 2.0 * (*b + *a * g));
        }
        let before = m;
        m += k;
        if (before - k).abs() <= CONVERGED * before {
            break;
        }
        k = 2.0 * e.sqrt();
        e = k * m;
    }
    (FRAC_PI_2 * (a * m + b) / (m * (m + p)), pairs.map(|(a, b)| FRAC_PI_2 * (a * m + b) / (m * (m + m))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: mpmath 1.3.0 at 30 digits, m = 1 − kc²: ellipk, ellipe and quad() of the integrand.
    #[test]
    fn known_values() {
        let (_, [k, e]) = cel_joint(0.5, 1.0, (1.0, 1.0), [(1.0, 1.0), (1.0, 0.25)]);
        assert!((k - 2.156_515_647_499_643).abs() < 1e-15, "{k}");
        assert!((e - 1.211_056_027_568_459_5).abs() < 1e-15, "{e}");
    }

    /// The integrand is periodic and analytic, so that the trapezoidal rule converges geometrically.
    #[test]
    fn agrees_with_the_integral() {
        let n = 4000;
        for (kc, p, a, b) in
            [(0.3, 0.2, 1.3, -0.7), (0.9, 2.5, 0.0, 1.0), (0.05, 0.05, 1.0, 0.01), (1.0, 1.0, 2.0, 3.0)]
        {
            let sum: f64 = (0..n)
                .map(|i| {
                    let (s, c) = (FRAC_PI_2 * (i as f64 + 0.5) / n as f64).sin_cos();
                    (a * c * c + b * s * s) / (c * c + p * s * s) / (c * c + kc * kc * s * s).sqrt()
                })
                .sum();
            let (third, []) = cel_joint(kc, p, (a, b), []);
            assert!((third - sum * FRAC_PI_2 / n as f64).abs() < 1e-13 * (1.0 + third.abs()), "{kc} {p} {third}");
            let (_, [first]) = cel_joint(kc, p, (a, b), [(a, b)]);
            let (same, []) = cel_joint(kc, 1.0, (a, b), []);
            assert!((first - same).abs() < 1e-14 * (1.0 + same.abs()));
        }
    }
}
