//! Kepler's equation E − e sin E = M, and the position on the ellipse.

use std::f64::consts::{PI, TAU};

/// Eccentric anomaly of `mean_anomaly` (any real number) for 0 ≤ `ecc` < 1, in −π ..= π.
///
/// Starts from the cubic of Markley 1995 (Celestial Mechanics 63, 101), then takes fourth-order steps on a residual that
/// does not cancel: near periastron of an eccentric orbit E − e sin E is written (1 − e) E + e (E − sin E), whose second
/// difference is a series for small E. The error is that of rounding, below 1e-15, to e = 0.999 and beyond.
pub fn eccentric_anomaly(mean_anomaly: f64, ecc: f64) -> f64 {
    let wrapped = mean_anomaly - TAU * (mean_anomaly / TAU).round();
    let m = wrapped.abs().min(PI);
    if m == 0.0 || ecc == 0.0 {
        return wrapped;
    }
    let mut e_anomaly = start(m, ecc);
    for _ in 0..4 {
        let (s, c) = e_anomaly.sin_cos();
        let f = (1.0 - ecc) * e_anomaly + ecc * angle_minus_sine(e_anomaly, s) - m;
        // derivatives of f: 1 − e cos E, with 1 − cos E from the sine where it would cancel; e sin E; e cos E
        let f1 = (1.0 - ecc) + ecc * if c > 0.0 { s * s / (1.0 + c) } else { 1.0 - c };
        let (f2, f3) = (ecc * s, ecc * c);
        let d2 = -f / (f1 - 0.5 * f * f2 / f1);
        let d3 = -f / (f1 + d2 * (0.5 * f2 + d2 * f3 / 6.0));
        e_anomaly += d3;
        // the step's error is of the order of its fourth power relative to E
        if d3.abs() <= 1e-5 * e_anomaly {
            break;
        }
    }
    e_anomaly.copysign(wrapped)
}

/// E − sin E for E ≥ 0, to full relative precision; `sine` is sin E.
fn angle_minus_sine(e: f64, sine: f64) -> f64 {
    if e > 1.0 {
        return e - sine;
    }
    // E³/6 (1 − E²/20 (1 − E²/42 (1 − …))), factors 2n (2n + 1)
    let x = e * e;
    let mut sum = 1.0;
    for n in (2..=9).rev() {
        let n = f64::from(2 * n);
        sum = 1.0 - x / (n * (n + 1.0)) * sum;
    }
    e * x / 6.0 * sum
}

/// Markley's starting value for 0 < m ≤ π.
fn start(m: f64, ecc: f64) -> f64 {
    let alpha = (3.0 * PI * PI + 1.6 * PI * (PI - m) / (1.0 + ecc)) / (PI * PI - 6.0);
    let d = 3.0 * (1.0 - ecc) + alpha * ecc;
    let q = 2.0 * alpha * d * (1.0 - ecc) - m * m;
    let r = 3.0 * alpha * d * (d - 1.0 + ecc) * m + m * m * m;
    let w = (r.abs() + (q * q * q + r * r).sqrt()).cbrt();
    let w2 = w * w;
    (2.0 * r * w2 / (w2 * w2 + w2 * q + q * q) + m) / d
}

/// Sine and cosine of the true anomaly, and the distance over the semi-major axis, at eccentric anomaly `e_anomaly`.
///
/// ```text
/// cos f = (cos E − e) / (1 − e cos E),   sin f = √(1 − e²) sin E / (1 − e cos E),   r/a = 1 − e cos E
/// ```
pub fn true_anomaly(e_anomaly: f64, ecc: f64) -> (f64, f64, f64) {
    let (s, c) = e_anomaly.sin_cos();
    let r = 1.0 - ecc * c;
    (((1.0 - ecc) * (1.0 + ecc)).sqrt() * s / r, (c - ecc) / r, r)
}

/// Mean anomaly at true anomaly `f`, both continuous over turns.
pub fn mean_anomaly_at_true(f: f64, ecc: f64) -> f64 {
    let turns = (f / TAU).round();
    let half = 0.5 * (f - TAU * turns);
    let e_anomaly = 2.0 * ((1.0 - ecc).sqrt() * half.sin()).atan2((1.0 + ecc).sqrt() * half.cos());
    let s = e_anomaly.sin();
    let difference = (1.0 - ecc) * e_anomaly.abs() + ecc * angle_minus_sine(e_anomaly.abs(), s.abs());
    difference.copysign(e_anomaly) + TAU * turns
}
