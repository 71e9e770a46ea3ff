//! Kepler's equation E − e sin E = M, and the position on the ellipse.

use std::f64::consts::{PI, TAU};

use super::simd::functions::{angle_minus_sine as lanes_angle_minus_sine, rough_two_thirds, sin_cos_half_turn};
use super::simd::{Kernel, Lanes, dispatch, load_padded, store_partial};

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

/// Writes the eccentric anomaly of each of `mean_anomalies` to `out`: [`eccentric_anomaly`] over vectors, to the same
/// accuracy. Panics if the lengths differ.
pub fn eccentric_anomalies_into(mean_anomalies: &[f64], ecc: f64, out: &mut [f64]) {
    assert_eq!(mean_anomalies.len(), out.len(), "one eccentric anomaly per mean anomaly");
    dispatch(Anomalies { mean_anomalies, ecc, out });
}

struct Anomalies<'a> {
    mean_anomalies: &'a [f64],
    ecc: f64,
    out: &'a mut [f64],
}

impl Kernel for Anomalies<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let solver = Solver::<L>::new(self.ecc);
        for (m, out) in self.mean_anomalies.chunks(L::LANES).zip(self.out.chunks_mut(L::LANES)) {
            store_partial(solver.solve(load_padded(m)).anomaly, out);
        }
    }
}

/// Kepler's equation for one eccentricity.
#[derive(Clone, Copy)]
pub(super) struct Solver<L> {
    ecc: L,
    rest: L,
    /// Coefficients of Markley's cubic.
    alpha: [L; 2],
}

/// Eccentric anomaly from −π to π, its sine and cosine.
#[derive(Clone, Copy)]
pub(super) struct Anomaly<L> {
    pub anomaly: L,
    pub sin: L,
    pub cos: L,
}

/// Where a step is below this share of E, what it leaves is its fifth power.
const LAST_STEP: f64 = 6e-4;

impl<L: Lanes> Solver<L> {
    #[inline(always)]
    pub fn new(ecc: f64) -> Self {
        let slope = 1.6 * PI / (1.0 + ecc) / (PI * PI - 6.0);
        Self {
            ecc: L::splat(ecc),
            rest: L::splat(1.0 - ecc),
            alpha: [L::splat(3.0 * PI * PI / (PI * PI - 6.0) + slope * PI), L::splat(slope)],
        }
    }

    /// Starts as [`start`] does and takes fifth-order steps, mostly one.
    #[inline(always)]
    pub fn solve(&self, mean_anomaly: L) -> Anomaly<L> {
        let (one, half) = (L::splat(1.0), L::splat(0.5));
        let turns = mean_anomaly.times(1.0 / TAU).round();
        let wrapped = turns.mul_add(L::splat(-TAU), mean_anomaly);
        let m = wrapped.abs().min(L::splat(PI));
        let mut e = self.start(m).min(L::splat(PI));
        let (mut sin, mut cos);
        let mut active = m.le(m);
        loop {
            let versine;
            (sin, cos, versine) = sin_cos_half_turn(e);
            let beyond = L::select(one.lt(e), e - sin, lanes_angle_minus_sine(e.min(one)));
            let f = self.rest.mul_add(e, self.ecc.mul_add(beyond, -m));
            let f1 = self.ecc.mul_add(versine, self.rest);
            let (f2, f3) = (self.ecc * sin, self.ecc * cos);
            let d3 = -f * (f1 * f1 - half * f * f2).reciprocal() * f1;
            let d4 = -f * (d3.times(1.0 / 6.0).mul_add(f3, half * f2).mul_add(d3, f1)).reciprocal();
            let bend = d4.times(-1.0 / 24.0).mul_add(f2, f3.times(1.0 / 6.0));
            let d5 = -f * (d4.mul_add(bend, half * f2).mul_add(d4, f1)).reciprocal();
            let d5 = L::select(active, d5, L::splat(0.0));
            let last = e;
            e = e + d5;
            // lanes whose step was long go on; in the others sine and cosine follow by series
            let long = last.times(LAST_STEP).lt(d5.abs());
            active = L::both(active, long);
            let d2 = d5 * d5;
            let s = d5 * (d2.mul_add(d2.times(1.0 / 120.0) - L::splat(1.0 / 6.0), one));
            let c = d2 * d2.mul_add(L::splat(1.0 / 24.0), L::splat(-0.5));
            let (before, across) = (sin, cos);
            sin = before + before.mul_add(c, across * s);
            cos = across + across.mul_add(c, -(before * s));
            if !L::any(active) {
                break;
            }
        }
        Anomaly { anomaly: e.copysign(wrapped), sin: sin.copysign(wrapped), cos }
    }

    /// See [`start`].
    #[inline(always)]
    fn start(&self, m: L) -> L {
        let alpha = self.alpha[1].mul_add(-m, self.alpha[0]);
        let d = alpha.mul_add(self.ecc, self.rest.times(3.0));
        let ad = alpha * d;
        let m2 = m * m;
        let q = (ad * self.rest).mul_add(L::splat(2.0), -m2);
        let r = m * ad.times(3.0).mul_add(d - self.rest, m2);
        let q2 = q * q;
        let w = rough_two_thirds((r + (q2 * q + r * r).max(L::splat(1e-280)).quick_sqrt()).max(L::splat(1e-280)));
        let below = w.mul_add(w + q, q2);
        (r.times(2.0) * w).mul_add(below.max(L::splat(1e-280)).reciprocal(), m) * d.reciprocal()
    }
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

/// Derivatives of the mean anomaly by the true anomaly f and, at the same f, by `ecc`, given sine and cosine of f:
///
/// ```text
/// ∂M/∂f = (1 − e²)^(3/2) / (1 + e cos f)²,   ∂M/∂e = −√(1 − e²) sin f (2 + e cos f) / (1 + e cos f)²
/// ```
///
/// The first is r² / (a² √(1 − e²)), Kepler's second law; the second is −∂f/∂e ∂M/∂f, with ∂f/∂e at the same M.
pub fn mean_anomaly_slopes(sin_f: f64, cos_f: f64, ecc: f64) -> (f64, f64) {
    let minor2 = (1.0 - ecc) * (1.0 + ecc);
    let q = 1.0 + ecc * cos_f;
    let per_area = minor2.sqrt() / (q * q);
    (minor2 * per_area, -per_area * sin_f * (1.0 + q))
}
