//! One transit as a function of time from its middle, in pieces of Chebyshev series that are integrated exactly.
//!
//! All transits of a fit have one shape, so some tens of exact fluxes tell all that its points and their exposures need.
//! A flux then costs one short series, and the mean over an exposure of any length two:
//!
//! ```text
//! F(t) = ∫₀ᵗ dip dt',   mean dip of an exposure E about t = (F(t + E/2) − F(t − E/2)) / E
//! ```
//! The dip goes with half-integer powers of the distance to a contact, so each piece ends at one contact at most and is
//! expanded in the square root of the distance to it.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use crate::transit::Quadratic;
use crate::transit::flux::quadratic_dip;

/// Terms of each series.
const TERMS: usize = 14;
/// Terms of its integral.
const INTEGRAL_TERMS: usize = TERMS + 2;

/// Nodes in s of the interpolation, and cos(π j (2i + 1) / 2n), by which values there become coefficients.
static NODES: LazyLock<([f64; TERMS], [[f64; TERMS]; TERMS])> = LazyLock::new(|| {
    let angle = |i: usize| PI * (2 * i + 1) as f64 / (2 * TERMS) as f64;
    let nodes = std::array::from_fn(|i| 0.5 * (1.0 + angle(i).cos()));
    let cosines = std::array::from_fn(|j| std::array::from_fn(|i| (j as f64 * angle(i)).cos()));
    (nodes, cosines)
});

/// Dip between two times; t = anchor + direction · length · s², s from 0 to 1.
#[derive(Clone, Copy, Debug)]
struct Piece {
    anchor: f64,
    direction: f64,
    inverse_length: f64,
    dip: [f64; TERMS],
    /// Of F.
    integral: [f64; INTEGRAL_TERMS],
}

/// The dip of a planet on a circular orbit as a function of time from mid-transit; symmetric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Ends of the pieces: the third contact (0 if grazing), half-way on, the fourth contact.
    ends: [f64; 3],
    pieces: [Piece; 3],
    total: f64,
}

impl Profile {
    /// A planet of radius `k` on a circular orbit; `None` if it does not transit. Needs 0 ≤ `b` ≤ `a_rs`.
    pub(super) fn new(period: f64, a_rs: f64, b: f64, k: f64, law: &Quadratic) -> Option<Self> {
        if b >= 1.0 + k || k <= 0.0 {
            return None;
        }
        // z² = b² + (a² − b²) sin²(2πt/P)
        let rise = (a_rs - b) * (a_rs + b);
        let contact = |z: f64| {
            let sine = ((z - b) * (z + b) / rise).sqrt();
            period / TAU * sine.min(1.0).asin()
        };
        let inner = (1.0 - k).abs();
        let full = if b < inner { contact(inner) } else { 0.0 };
        let last = contact(1.0 + k);
        let middle = 0.5 * (full + last);
        let dip = |t: f64| {
            let sine = (TAU / period * t).sin();
            quadratic_dip((b * b + rise * sine * sine).sqrt(), k, law)
        };
        let mut out = Self { ends: [full, middle, last], pieces: [Piece::ZERO; 3], total: 0.0 };
        let mut below = 0.0;
        for (piece, (anchor, direction, length)) in
            out.pieces.iter_mut().zip([(full, -1.0, full), (full, 1.0, middle - full), (last, -1.0, last - middle)])
        {
            if length > 0.0 {
                *piece = Piece::new(anchor, direction, length, dip);
                below = piece.start_integral_at(below);
            }
        }
        out.total = below;
        Some(out)
    }

    /// Half of the time from first to last contact.
    pub(super) fn half_duration(&self) -> f64 {
        self.ends[2]
    }

    /// Asks for `out[index] −= dip(t)`, `t` days from mid-transit.
    #[inline]
    pub(super) fn subtract_dip(&self, t: f64, index: usize, requests: &mut Requests) {
        let t = t.abs();
        if t < self.ends[2] {
            requests.push(self.piece(t), t, -1.0, index);
        }
    }

    /// Asks for `out[index] −=` the mean dip of an exposure of 1/`frequency` days about `t`.
    #[inline]
    pub(super) fn subtract_mean_dip(
        &self,
        t: f64,
        frequency: f64,
        index: usize,
        requests: &mut Requests,
        out: &mut [f64],
    ) {
        let half = 0.5 / frequency;
        for (edge, weight) in [(t + half, -frequency), (t - half, frequency)] {
            let (distance, weight) = (edge.abs(), weight.copysign(weight * edge));
            if distance < self.ends[2] {
                requests.push(self.piece(distance), distance, weight, index);
            } else {
                out[index] += weight * self.total;
            }
        }
    }

    /// Does what was asked for since the last time, dips or means of them.
    pub(super) fn answer(&self, quantity: Quantity, requests: &mut Requests, out: &mut [f64]) {
        for (piece, asked) in self.pieces.iter().zip(&mut requests.pieces) {
            match quantity {
                Quantity::Dip => asked.answer(piece, &piece.dip, out),
                Quantity::Integral => asked.answer(piece, &piece.integral, out),
            }
            asked.clear();
        }
    }

    #[inline]
    fn piece(&self, t: f64) -> usize {
        usize::from(t >= self.ends[0]) + usize::from(t >= self.ends[1])
    }
}

/// Which series answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Dip,
    Integral,
}

/// Places where a profile is wanted, sorted by piece, so that many points go through one series at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    pieces: [Asked; 3],
}

#[derive(Clone, Debug, Default)]
struct Asked {
    time: Vec<f64>,
    weight: Vec<f64>,
    index: Vec<usize>,
}

impl Requests {
    /// Forgets what was asked and not answered.
    pub(super) fn clear(&mut self) {
        self.pieces.iter_mut().for_each(Asked::clear);
    }

    #[inline]
    fn push(&mut self, piece: usize, time: f64, weight: f64, index: usize) {
        let asked = &mut self.pieces[piece];
        asked.time.push(time);
        asked.weight.push(weight);
        asked.index.push(index);
    }
}

/// Points evaluated together: enough to hide the latency of the recurrence.
const LANES: usize = 8;

impl Asked {
    fn clear(&mut self) {
        self.time.clear();
        self.weight.clear();
        self.index.clear();
    }

    fn answer<const N: usize>(&mut self, piece: &Piece, series: &[f64; N], out: &mut [f64]) {
        let asked = self.index.len();
        let padded = asked.next_multiple_of(LANES);
        self.time.resize(padded, piece.anchor);
        for (first, times) in self.time.as_chunks::<LANES>().0.iter().enumerate() {
            let values = chebyshev(series, times.map(|t| piece.argument(t)));
            for ((value, weight), index) in
                values.iter().zip(&self.weight[first * LANES..]).zip(&self.index[first * LANES..])
            {
                out[*index] += weight * value;
            }
        }
    }
}

impl Piece {
    const ZERO: Self =
        Self { anchor: 0.0, direction: 1.0, inverse_length: 0.0, dip: [0.0; TERMS], integral: [0.0; INTEGRAL_TERMS] };

    fn new(anchor: f64, direction: f64, length: f64, dip: impl Fn(f64) -> f64) -> Self {
        let (nodes, cosines) = &*NODES;
        let values = nodes.map(|s| dip(anchor + direction * length * s * s));
        let mut coefficients = [0.0; TERMS];
        for (c, row) in coefficients.iter_mut().zip(cosines) {
            *c = 2.0 / TERMS as f64 * row.iter().zip(&values).map(|(w, v)| w * v).sum::<f64>();
        }
        coefficients[0] *= 0.5;
        let mut integral = integrate(&coefficients);
        integral.iter_mut().for_each(|c| *c *= direction * length);
        Self { anchor, direction, inverse_length: 1.0 / length, dip: coefficients, integral }
    }

    /// Adds the constant that makes F `below` at the piece's earlier end; returns F at its later end.
    fn start_integral_at(&mut self, below: f64) -> f64 {
        let (first, last) = if self.direction > 0.0 { (-1.0, 1.0) } else { (1.0, -1.0) };
        let [at_first, at_last] = chebyshev(&self.integral, [first, last]);
        self.integral[0] += below - at_first;
        below + at_last - at_first
    }

    /// 2s − 1 at time `t`.
    #[inline]
    fn argument(&self, t: f64) -> f64 {
        2.0 * ((t - self.anchor) * self.direction * self.inverse_length).max(0.0).sqrt() - 1.0
    }
}

/// Coefficients of ∫ D (1 + x)/2 dx, which is ∫ D 2s ds for x = 2s − 1, but for a constant.
fn integrate(series: &[f64; TERMS]) -> [f64; INTEGRAL_TERMS] {
    // (1 + x) D: x T₀ = T₁ and x T_j = (T_{j−1} + T_{j+1})/2
    let mut product = [0.0; INTEGRAL_TERMS + 1];
    for (j, c) in series.iter().enumerate() {
        product[j] += c;
        if j == 0 {
            product[1] += c;
        } else {
            product[j - 1] += 0.5 * c;
            product[j + 1] += 0.5 * c;
        }
    }
    let mut out = [0.0; INTEGRAL_TERMS];
    for j in 1..INTEGRAL_TERMS {
        let before = if j == 1 { 2.0 * product[0] } else { product[j - 1] };
        out[j] = 0.5 * (before - product[j + 1]) / (2 * j) as f64;
    }
    out
}

/// Σ c_j T_j(x) by Clenshaw's recurrence, for several x.
#[inline]
fn chebyshev<const N: usize, const L: usize>(series: &[f64; N], x: [f64; L]) -> [f64; L] {
    let (mut b1, mut b2) = ([0.0; L], [0.0; L]);
    for c in series[1..].iter().rev() {
        let mut next = [0.0; L];
        for lane in 0..L {
            next[lane] = c + 2.0 * x[lane] * b1[lane] - b2[lane];
        }
        (b1, b2) = (next, b1);
    }
    std::array::from_fn(|lane| series[0] + x[lane] * b1[lane] - b2[lane])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transit::{Orbit, OrbitElements, TransitShape};

    /// Largest errors, over the depth k², of the dip and of its mean over `exposure`, at many times of one transit.
    fn errors(a: f64, b: f64, k: f64, law: Quadratic, exposure: f64) -> (f64, f64) {
        let period = 3.7;
        let profile = Profile::new(period, a, b, k, &law).unwrap();
        let shape = TransitShape::new(Orbit::new(OrbitElements::circular(period, 0.0, a, b)).unwrap(), k, law).unwrap();
        let half = profile.half_duration();
        assert!((2.0 * half - shape.duration()).abs() < 1e-9, "a {a} b {b} k {k}");
        let times: Vec<f64> = (0..701).map(|i| (f64::from(i) / 300.0 - 1.17) * (half + 0.5 * exposure)).collect();
        let (mut point, mut mean) = (vec![0.0; times.len()], vec![0.0; times.len()]);
        shape.flux_into(&times, 0.0, &mut point);
        shape.flux_into(&times, exposure, &mut mean);
        let mut requests = Requests::default();
        let (mut fast_point, mut fast_mean) = (vec![1.0; times.len()], vec![1.0; times.len()]);
        for (i, t) in times.iter().enumerate() {
            profile.subtract_dip(*t, i, &mut requests);
        }
        profile.answer(Quantity::Dip, &mut requests, &mut fast_point);
        for (i, t) in times.iter().enumerate() {
            profile.subtract_mean_dip(*t, 1.0 / exposure, i, &mut requests, &mut fast_mean);
        }
        profile.answer(Quantity::Integral, &mut requests, &mut fast_mean);
        let worst = |fast: &[f64], exact: &[f64]| {
            fast.iter().zip(exact).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max) / (k * k)
        };
        (worst(&fast_point, &point), worst(&fast_mean, &mean))
    }

    #[test]
    fn equals_the_exact_model() {
        let mut worst = (0.0f64, 0.0f64, 0.0f64);
        let mut at = [(0.0, 0.0); 3];
        for law in [Quadratic { u1: 0.4, u2: 0.2 }, Quadratic { u1: 0.0, u2: 0.0 }, Quadratic { u1: 1.0, u2: 0.0 }] {
            for k in [0.005, 0.02, 0.1, 0.2, 0.45] {
                for i in 0..60 {
                    let b = (1.0 + k) * f64::from(i) / 60.0;
                    let short = errors(8.0, b, k, law, 2.0 / 1440.0);
                    let long = errors(8.0, b, k, law, 30.0 / 1440.0);
                    for (n, (w, e)) in [(&mut worst.0, short.0), (&mut worst.1, short.1), (&mut worst.2, long.1)]
                        .into_iter()
                        .enumerate()
                    {
                        if e > *w {
                            *w = e;
                            at[n] = (b, k);
                        }
                    }
                }
            }
        }
        println!("worst errors over k²: dip {:.1e}, 2 min {:.1e}, 30 min {:.1e}; at {at:?}", worst.0, worst.1, worst.2);
        assert!(worst.0 < 1e-4 && worst.1 < 1e-4 && worst.2 < 1e-4, "{worst:?}");
    }
}
