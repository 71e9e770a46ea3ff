//! Elementary functions over lanes, to a rounding or two on the ranges that the kernels need.
//!
//! The polynomials interpolate at Chebyshev nodes (mpmath 1.3.0, 60 digits); each is within 3e-17 of its function.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, PI};

use super::Lanes;

/// Σ cᵢ xⁱ.
#[inline(always)]
pub fn polynomial<L: Lanes, const N: usize>(x: L, c: &[f64; N]) -> L {
    let mut sum = L::splat(c[N - 1]);
    for c in c[..N - 1].iter().rev() {
        sum = sum.mul_add(x, L::splat(*c));
    }
    sum
}

/// Σ cᵢ Tᵢ(x), Chebyshev polynomials, by Clenshaw's recurrence.
#[inline(always)]
pub fn clenshaw<L: Lanes>(c: &[f64], x: L) -> L {
    let (mut b1, mut b2) = (L::splat(0.0), L::splat(0.0));
    let twice = x + x;
    for c in c[1..].iter().rev() {
        (b1, b2) = (twice.mul_add(b1, L::splat(*c) - b2), b1);
    }
    x.mul_add(b1, L::splat(c[0]) - b2)
}

/// atan(x)/x − 1 over x², in powers of x², for |x| ≤ √2 − 1.
const ATAN: [f64; 11] = [
    -0.3333333333333312,
    0.19999999999940893,
    -0.14285714279250245,
    0.11111110744919658,
    -0.0909089680906402,
    0.07692045330902089,
    -0.06662951813627623,
    0.05846878297319329,
    -0.050351024565488935,
    0.03796525745251165,
    -0.017805397203918563,
];

/// Angle of the point (x, y) for y ≥ 0, from 0 to π.
#[inline(always)]
pub fn atan2_upper<L: Lanes>(y: L, x: L) -> L {
    const TAN_PI_8: f64 = std::f64::consts::SQRT_2 - 1.0;
    let ax = x.abs();
    let shallow = y.le(ax.times(TAN_PI_8));
    let steep = ax.lt(y.times(TAN_PI_8));
    // in the middle, the angle less π/4
    let above = L::select(shallow, y, L::select(steep, -ax, y - ax));
    let below = L::select(shallow, ax, L::select(steep, y, y + ax));
    let base = L::select(shallow, L::splat(0.0), L::select(steep, L::splat(FRAC_PI_2), L::splat(FRAC_PI_4)));
    let t = above * below.max(L::splat(1e-280)).reciprocal();
    let t2 = t * t;
    let angle = base + (t * t2).mul_add(polynomial(t2, &ATAN), t);
    L::select(x.lt(L::splat(0.0)), L::splat(PI) - angle, angle)
}

/// sin(x)/x − 1 over x², in powers of x², for |x| ≤ π/2.
const SINE_HALF_TURN: [f64; 9] = [
    -0.16666666666666666,
    0.008333333333333333,
    -0.00019841269841269657,
    2.7557319223937946e-06,
    -2.505210837825497e-08,
    1.6059043180845167e-10,
    -7.647126657128718e-13,
    2.8101897923391746e-15,
    -7.980171381659058e-18,
];

/// sin x for |x| ≤ π/2.
#[inline(always)]
pub fn sin_near<L: Lanes>(x: L) -> L {
    let x2 = x * x;
    (x * x2).mul_add(polynomial(x2, &SINE_HALF_TURN), x)
}

/// For |x| ≤ π/4.
const SINE: [f64; 6] = [
    -0.16666666666666666,
    0.008333333333330936,
    -0.00019841269836740532,
    2.7557316093198404e-06,
    -2.5051129896450185e-08,
    1.5917988979397435e-10,
];
const COSINE: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887389,
    2.48015872987544e-05,
    -2.755731726587808e-07,
    2.087614504941318e-09,
    -1.138254464534925e-11,
];

/// (sin x, cos x, 1 − cos x) for 0 ≤ x ≤ π, the last to full relative precision.
#[inline(always)]
pub fn sin_cos_half_turn<L: Lanes>(x: L) -> (L, L, L) {
    let one = L::splat(1.0);
    let quarter = x.times(FRAC_2_PI).round();
    // π/2 less its double, for the second part
    const REST: f64 = 6.123233995736766e-17;
    let r = quarter.mul_add(L::splat(-FRAC_PI_2), x);
    let r = quarter.mul_add(L::splat(-REST), r);
    let r2 = r * r;
    let s = (r * r2).mul_add(polynomial(r2, &SINE), r);
    let versine = r2.mul_add(L::splat(0.5), -(r2 * r2 * polynomial(r2, &COSINE)));
    let c = one - versine;
    let half = L::splat(0.5);
    let (first, last) = (quarter.lt(half), L::splat(1.5).lt(quarter));
    let (sin, cos) = (L::select(first, s, c), L::select(first, c, -s));
    let (sin, cos) = (L::select(last, -s, sin), L::select(last, -c, cos));
    (sin, cos, L::select(first, versine, one - cos))
}

/// (x − sin x)/x³ in powers of x², for |x| ≤ π/2.
const ANGLE_MINUS_SINE: [f64; 10] = [
    0.16666666666666666,
    -0.008333333333333333,
    0.0001984126984126984,
    -2.7557319223985854e-06,
    2.5052108385432208e-08,
    -1.6059043835396107e-10,
    7.647163601722928e-13,
    -2.81144990303714e-15,
    8.218122985504361e-18,
    -1.9096663882137668e-20,
];

/// x − sin x for |x| ≤ π/2, to full relative precision.
#[inline(always)]
pub fn angle_minus_sine<L: Lanes>(x: L) -> L {
    let x2 = x * x;
    x * x2 * polynomial(x2, &ANGLE_MINUS_SINE)
}

/// (atanh(s)/s − 1)/s² in powers of s², for (1 + s)/(1 − s) from √½ to √2.
const ATANH: [f64; 8] = [
    0.3333333333333333,
    0.2000000000000044,
    0.14285714285401807,
    0.11111111195856958,
    0.09090897820066453,
    0.07693119851407329,
    0.06634386569328443,
    0.06543313073920051,
];

/// Natural logarithm of normal positive numbers.
#[inline(always)]
pub fn ln<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    // x = m 2ⁿ with m from √½ to √2
    let n = x.times(std::f64::consts::SQRT_2).exponent_field() - L::splat(1023.0);
    // n of ±1074 would overflow one power of two, but such x are not normal
    let m = x * (-n).power_of_two();
    let s = (m - one) / (m + one);
    let s2 = s * s;
    let high = n.times(LN_2_HIGH);
    let twice = s + s;
    high + (twice + (twice * s2).mul_add(polynomial(s2, &ATANH), n.times(LN_2_LOW)))
}

/// ln 2 with its last 21 bits zero, and the rest.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// x^{2/3} to some 1e-6, for normal positive numbers.
#[inline(always)]
pub fn rough_two_thirds<L: Lanes>(x: L) -> L {
    let n = x.times(std::f64::consts::SQRT_2).exponent_field() - L::splat(1023.0);
    let m = x * (-n).power_of_two();
    let s = (m - L::splat(1.0)) * (m + L::splat(1.0)).reciprocal();
    let s2 = s * s;
    // logarithm to base 2 of x^{2/3}
    const UNIT: f64 = std::f64::consts::LOG2_E * 4.0 / 3.0;
    let series = polynomial(s2, &[UNIT, UNIT / 3.0, UNIT / 5.0, UNIT / 7.0]);
    let log = s.mul_add(series, n.times(2.0 / 3.0));
    let whole = log.round();
    let r = (log - whole).times(std::f64::consts::LN_2);
    polynomial(r, &[1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0]) * whole.power_of_two()
}

/// x^exponent to some 1e-11, for normal positive numbers and exponents of order one.
#[inline(always)]
pub fn quick_power<L: Lanes>(x: L, exponent: f64) -> L {
    let n = x.times(std::f64::consts::SQRT_2).exponent_field() - L::splat(1023.0);
    let m = x * (-n).power_of_two();
    let s = (m - L::splat(1.0)) * (m + L::splat(1.0)).reciprocal();
    let s2 = s * s;
    // exponent · log₂ x
    let series = (s + s).mul_add(s2 * polynomial(s2, &[ATANH[0], ATANH[1], ATANH[2], ATANH[3], ATANH[4]]), s + s);
    let log = series.mul_add(L::splat(std::f64::consts::LOG2_E * exponent), n.times(exponent));
    let whole = log.round();
    let r = (log - whole).times(std::f64::consts::LN_2);
    let [a, b, c, d, e, f, g, h, ..] = EXPONENTIAL;
    (r * r).mul_add(polynomial(r, &[a, b, c, d, e, f, g, h]), r + L::splat(1.0))
        * whole.max(L::splat(-1000.0)).power_of_two()
}

/// 1/n!, n from 2.
const EXPONENTIAL: [f64; 12] = [
    0.5,
    0.16666666666666666,
    0.041666666666666664,
    0.008333333333333333,
    0.001388888888888889,
    0.0001984126984126984,
    2.48015873015873e-05,
    2.7557319223985893e-06,
    2.755731922398589e-07,
    2.505210838544172e-08,
    2.08767569878681e-09,
    1.6059043836821613e-10,
];

/// eˣ for −700 ≤ x ≤ 700.
#[inline(always)]
pub fn exp<L: Lanes>(x: L) -> L {
    let n = x.times(std::f64::consts::LOG2_E).round();
    let r = n.mul_add(L::splat(-LN_2_HIGH), x);
    let r = n.mul_add(L::splat(-LN_2_LOW), r);
    let tail = (r * r).mul_add(polynomial(r, &EXPONENTIAL), r);
    (L::splat(1.0) + tail) * n.power_of_two()
}

#[cfg(test)]
mod tests {
    use super::super::{InstructionSet, Kernel, load_padded, store_partial};
    use super::*;

    struct Map<'a> {
        which: usize,
        x: &'a [f64],
        out: &'a mut [f64],
    }

    impl Kernel for Map<'_> {
        type Output = ();
        #[inline(always)]
        fn run<L: Lanes>(self) {
            for (x, out) in self.x.chunks(L::LANES).zip(self.out.chunks_mut(L::LANES)) {
                let x: L = load_padded(x);
                let value = match self.which {
                    0 => sin_near(x),
                    1 => sin_cos_half_turn(x).0,
                    2 => sin_cos_half_turn(x).1,
                    7 => rough_two_thirds(x),
                    8 => quick_power(x, 0.3),
                    3 => angle_minus_sine(x),
                    4 => ln(x),
                    5 => exp(x),
                    _ => atan2_upper(x.abs(), x.times(3.0) - L::splat(1.0)),
                };
                store_partial(value, out);
            }
        }
    }

    /// Against the standard library, which is right to about a unit in the last place.
    #[test]
    fn agree_with_the_standard_library() {
        type Case = (usize, f64, f64, fn(f64) -> f64);
        let cases: [Case; 6] = [
            (0, -FRAC_PI_2, FRAC_PI_2, f64::sin),
            (1, 0.0, PI, f64::sin),
            (2, 0.0, PI, f64::cos),
            (4, 1e-30, 40.0, f64::ln),
            (5, -690.0, 690.0, f64::exp),
            (6, -3.0, 5.0, |x| x.abs().atan2(x * 3.0 - 1.0)),
        ];
        for set in InstructionSet::all() {
            for (which, low, high, exact) in cases {
                let n = 10_007;
                let x: Vec<f64> = (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect();
                let mut out = vec![0.0; n];
                set.run(Map { which, x: &x, out: &mut out });
                let mut worst: f64 = 0.0;
                for (x, value) in x.iter().zip(&out) {
                    let exact = exact(*x);
                    let scale = if which == 5 { exact } else { exact.abs().max(1.0) };
                    worst = worst.max((value - exact).abs() / scale);
                }
                assert!(worst < 4.5e-16, "{set:?} function {which}: {worst:e}");
            }
        }
    }

    #[test]
    fn approximate_powers() {
        for set in InstructionSet::all() {
            let x: Vec<f64> = (-2000..2000).map(|i| (0.05 * f64::from(i)).exp()).collect();
            let mut out = vec![0.0; x.len()];
            for (which, power, bound) in [(7, 2.0 / 3.0, 4e-6), (8, 0.3, 4e-11)] {
                set.run(Map { which, x: &x, out: &mut out });
                for (x, value) in x.iter().zip(&out) {
                    assert!((value / x.powf(power) - 1.0).abs() < bound, "{set:?} {x} {value}");
                }
            }
        }
    }

    #[test]
    fn angle_minus_sine_does_not_cancel() {
        for set in InstructionSet::all() {
            let x = [1e-8, 1e-3, 0.3, 1.5];
            let mut out = [0.0; 4];
            set.run(Map { which: 3, x: &x, out: &mut out });
            assert!((out[0] / (1e-24 / 6.0) - 1.0).abs() < 1e-15);
            assert!((out[3] - (1.5 - 1.5f64.sin())).abs() < 2e-16);
        }
    }
}
