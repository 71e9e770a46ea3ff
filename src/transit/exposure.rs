//! Means over exposures of a flux that is smooth between contacts and not at them.

/// A stretch of time between two points where the flux is not smooth: contacts, or the deepest point.
///
/// Near a contact at t = c the flux goes as a constant and powers (t − c)^{3/2}, (t − c)², …. With s in 0..1 and
///
/// ```text
/// t = start + length x(s),   x(s) = s² (3 − 2s)
/// ```
/// half-integer powers of the distance to either end become whole powers of s or 1 − s, so that a Gauss–Legendre rule in s
/// converges as fast as for an analytic function, wherever in the stretch the exposure lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub start: f64,
    pub end: f64,
}

impl Stretch {
    /// Integral of `f` over the part of `low..high` that lies in the stretch.
    #[inline]
    pub fn integrate(self, low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
        if low.max(self.start) >= high.min(self.end) {
            return 0.0;
        }
        let length = self.end - self.start;
        let s_low = if low <= self.start { 0.0 } else { inverse((low - self.start) / length) };
        let s_high = if high >= self.end { 1.0 } else { inverse((high - self.start) / length) };
        let (middle, half) = (0.5 * (s_low + s_high), 0.5 * (s_high - s_low));
        let mut sum = 0.0;
        for &(node, weight) in rule(half) {
            let s = middle + half * node;
            sum += weight * s * (1.0 - s) * f(self.start + length * s * s * (3.0 - 2.0 * s));
        }
        6.0 * length * half * sum
    }
}

/// The s in 0..=1 where s² (3 − 2s) = x: the middle root of a cubic with three real ones.
#[inline]
fn inverse(x: f64) -> f64 {
    0.5 - ((1.0 - 2.0 * x).clamp(-1.0, 1.0).asin() / 3.0).sin()
}

/// The Gauss–Legendre rule for a piece of half width `half` in s: the shorter the piece, the fewer nodes give the error of
/// the longest one.
#[inline]
fn rule(half: f64) -> &'static [(f64, f64)] {
    if half < 0.04 {
        &GAUSS_LEGENDRE_3
    } else if half < 0.15 {
        &GAUSS_LEGENDRE_5
    } else if half < 0.3 {
        &GAUSS_LEGENDRE_7
    } else {
        &GAUSS_LEGENDRE_10
    }
}

// Nodes and weights on −1..1 (Abramowitz & Stegun, table 25.4).

const GAUSS_LEGENDRE_3: [(f64, f64); 3] =
    [(-0.7745966692414834, 0.5555555555555557), (0.0, 0.8888888888888888), (0.7745966692414834, 0.5555555555555557)];

const GAUSS_LEGENDRE_5: [(f64, f64); 5] = [
    (-0.906179845938664, 0.23692688505618928),
    (-0.5384693101056831, 0.4786286704993663),
    (0.0, 0.5688888888888887),
    (0.5384693101056831, 0.4786286704993663),
    (0.906179845938664, 0.23692688505618928),
];

const GAUSS_LEGENDRE_7: [(f64, f64); 7] = [
    (-0.9491079123427586, 0.12948496616886973),
    (-0.7415311855993945, 0.27970539148927687),
    (-0.4058451513773972, 0.3818300505051187),
    (0.0, 0.4179591836734693),
    (0.4058451513773972, 0.3818300505051187),
    (0.7415311855993945, 0.27970539148927687),
    (0.9491079123427586, 0.12948496616886973),
];

const GAUSS_LEGENDRE_10: [(f64, f64); 10] = [
    (-0.9739065285171717, 0.06667134430868814),
    (-0.8650633666889845, 0.1494513491505804),
    (-0.6794095682990244, 0.219086362515982),
    (-0.4333953941292472, 0.2692667193099965),
    (-0.14887433898163122, 0.2955242247147528),
    (0.14887433898163122, 0.2955242247147528),
    (0.4333953941292472, 0.2692667193099965),
    (0.6794095682990244, 0.219086362515982),
    (0.8650633666889845, 0.1494513491505804),
    (0.9739065285171717, 0.06667134430868814),
];
