//! Eccentricity and argument of periastron by what they do to a transit's duration.
//!
//! A transit lasts y = √(1 − e²)/(1 + e sin ω) times as long as on a circular orbit. Where the light curve knows the
//! duration and the prior the density of the star, y is known and nothing else of e and ω: the posterior is a thin curved
//! sheet. In the plane of (e cos ω, e sin ω) the contours of y are ellipses,
//!
//! ```text
//! e cos ω = sin θ / √(1 + y²)        e sin ω = (cos θ − y²) / (1 + y²)         −π < θ < π, 0 < y
//! ```
//!
//! which cover the disc e < 1 once. About e = 0 the roots (√e cos ω, √e sin ω) change as the square root of (ln y, θ/√2), so the
//! length p of that vector is stretched to one, q, that makes densities over the roots finite there:
//!
//! ```text
//! p = q² / √(q² + δ²)
//! ```

/// δ: eccentricities up to here are stretched.
const STRETCHED: f64 = 0.1;

/// √e cos ω and √e sin ω at the stretched (ln y, θ/√2), and ln |∂roots/∂q|; `None` outside of −π < θ < π.
pub(super) fn to_roots(q: [f64; 2]) -> Option<([f64; 2], f64)> {
    // At q = 0 all is finite, but as a ratio of zeros.
    let q2 = (q[0] * q[0] + q[1] * q[1]).max(1e-24);
    let d2 = STRETCHED * STRETCHED;
    let stretch = (q2 / (q2 + d2)).sqrt();
    let (ln_y, theta) = (q[0] * stretch, std::f64::consts::SQRT_2 * q[1] * stretch);
    if theta.abs() >= std::f64::consts::PI {
        return None;
    }
    let y2 = (2.0 * ln_y).exp();
    let w = 1.0 + y2;
    // 1 + cos θ and cos θ − 1 without loss of digits
    let (s, c) = (0.5 * theta).sin_cos();
    let x = 2.0 * s * c / w.sqrt();
    let z = (-2.0 * s * s - (2.0 * ln_y).exp_m1()) / w;
    let e = match x.hypot(z) {
        0.0 => q2 / (q2 + d2).sqrt(),
        e => e,
    };
    let ln_jacobian = (q2 * (q2 + 2.0 * d2) / ((q2 + d2) * (q2 + d2))).ln() + 0.5 * std::f64::consts::LN_2 + 2.0 * ln_y
        - 2.5 * w.ln()
        + 2.0 * (2.0 * c * c).ln()
        - (2.0 * e).ln();
    let root = e.sqrt();
    (e > 0.0 && e < 1.0 && ln_jacobian.is_finite()).then(|| ([x / root, z / root], ln_jacobian))
}

/// The inverse; `None` from e = 1 on.
pub(super) fn of_roots([cos, sin]: [f64; 2]) -> Option<[f64; 2]> {
    let e = cos * cos + sin * sin;
    if e >= 1.0 {
        return None;
    }
    let root = e.sqrt();
    let (x, z) = (cos * root, sin * root);
    let y2 = (1.0 - e) * (1.0 + e) / ((1.0 + z) * (1.0 + z));
    let w = 1.0 + y2;
    let theta = (x * w.sqrt()).atan2(z * w + y2);
    let (a, b) = (0.5 * y2.ln(), theta / std::f64::consts::SQRT_2);
    let p2 = a * a + b * b;
    if p2 == 0.0 {
        return Some([0.0; 2]);
    }
    // q⁴ = p² (q² + δ²)
    let q2 = 0.5 * (p2 + (p2 * p2 + 4.0 * p2 * STRETCHED * STRETCHED).sqrt());
    let stretch = (q2 / p2).sqrt();
    let q = [a * stretch, b * stretch];
    q.iter().all(|v| v.is_finite()).then_some(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_with_the_right_determinant_over_the_whole_disc() {
        for e in [1e-9f64, 1e-4, 0.03, 0.1, 0.4, 0.8, 0.99] {
            for i in 0..24 {
                let omega = f64::from(i) * 0.2618 + 0.01;
                let roots = [e.sqrt() * omega.cos(), e.sqrt() * omega.sin()];
                let q = of_roots(roots).unwrap();
                let (back, ln_jacobian) = to_roots(q).unwrap();
                for (a, b) in roots.iter().zip(back) {
                    assert!((a - b).abs() < 1e-7, "e {e} ω {omega}: {roots:?} {back:?}");
                }
                let at = |d: [f64; 2]| to_roots([q[0] + d[0], q[1] + d[1]]).unwrap().0;
                let h = 1e-4 * q[0].hypot(q[1]);
                let slope = |d: [f64; 2]| {
                    let (up, down) = (at(d), at([-d[0], -d[1]]));
                    [0, 1].map(|k| (up[k] - down[k]) / (2.0 * h))
                };
                let (a, b) = (slope([h, 0.0]), slope([0.0, h]));
                let numeric = (a[0] * b[1] - a[1] * b[0]).abs().ln();
                assert!((numeric - ln_jacobian).abs() < 1e-4, "e {e} ω {omega}: {numeric} {ln_jacobian}");
            }
        }
        assert!(of_roots([0.0, 0.0]).is_some_and(|q| to_roots(q).is_some()));
        assert!(of_roots([0.8, 0.7]).is_none() && to_roots([0.0, 2.5]).is_none());
    }

    #[test]
    fn the_first_coordinate_alone_changes_the_duration_away_from_circular_orbits() {
        let y = |[c, s]: [f64; 2]| {
            let e: f64 = c * c + s * s;
            ((1.0 - e) * (1.0 + e)).sqrt() / (1.0 + e.sqrt() * s)
        };
        for theta in [0.6, 1.2, 2.0] {
            let here = y(to_roots([-0.4, theta]).unwrap().0).ln();
            assert!((here + 0.4).abs() < 0.01, "{here}");
        }
    }
}
