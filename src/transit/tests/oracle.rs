//! The slow obvious flux: the stellar disc as annuli, each hidden over an arc (Mandel & Agol 2002, ApJ 580, L171).

use std::f64::consts::PI;

use crate::transit::LimbDarkening;

/// Hidden fraction of the light, 2 / (π mean) ∫ I(ρ) φ(ρ) ρ dρ, where φ is the half angle of the annulus that is hidden.
///
/// ρ = low + (high − low)(1 − cos θ)/2 opens the square-root ends of φ, and adaptive Simpson does the rest to some 1e-12.
pub fn dip_by_annuli(z: f64, k: f64, ld: &LimbDarkening) -> f64 {
    // 2 ∫ I μ dμ, in √μ, where every law is smooth but for a logarithm
    let mean = adaptive_simpson(&|h: f64| 4.0 * ld.intensity(h * h) * h * h * h, 0.0, 1.0, 1e-15);
    let half_angle = |rho: f64| {
        if rho <= k - z {
            return PI;
        }
        let one_minus_cos = (k - (z - rho)) * (k + (z - rho)) / (2.0 * rho * z);
        2.0 * (0.5 * one_minus_cos).clamp(0.0, 1.0).sqrt().asin()
    };
    let between = |low: f64, high: f64| {
        if high <= low {
            return 0.0;
        }
        let integrand = |theta: f64| {
            let rho = low + (high - low) * (0.5 * theta).sin().powi(2);
            let mu = ((1.0 - rho) * (1.0 + rho)).max(0.0).sqrt();
            ld.intensity(mu) * half_angle(rho) * rho * 0.5 * (high - low) * theta.sin()
        };
        // uneven panels, so that no symmetry fools the error estimate
        let edges = [0.0, 0.7, 1.3, 2.1, 2.8, PI];
        edges.windows(2).map(|e| adaptive_simpson(&integrand, e[0], e[1], 1e-14)).sum()
    };
    let covered = between(0.0, (k - z).clamp(0.0, 1.0));
    let crossed = between((z - k).abs().min(1.0), (z + k).min(1.0));
    2.0 * (covered + crossed) / (PI * mean)
}

fn adaptive_simpson(f: &impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> f64 {
    fn refine(
        f: &impl Fn(f64) -> f64,
        (a, b): (f64, f64),
        [fa, fm, fb]: [f64; 3],
        whole: f64,
        tol: f64,
        depth: u32,
    ) -> f64 {
        let m = 0.5 * (a + b);
        let (fl, fr) = (f(0.5 * (a + m)), f(0.5 * (m + b)));
        let (left, right) = ((m - a) / 6.0 * (fa + 4.0 * fl + fm), (b - m) / 6.0 * (fm + 4.0 * fr + fb));
        let change = left + right - whole;
        if depth == 0 || change.abs() <= 15.0 * tol {
            return left + right + change / 15.0;
        }
        refine(f, (a, m), [fa, fl, fm], left, 0.5 * tol, depth - 1)
            + refine(f, (m, b), [fm, fr, fb], right, 0.5 * tol, depth - 1)
    }
    let values = [f(low), f(0.5 * (low + high)), f(high)];
    let whole = (high - low) / 6.0 * (values[0] + 4.0 * values[1] + values[2]);
    refine(f, (low, high), values, whole, tolerance, 14)
}
