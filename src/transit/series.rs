//! Chebyshev series of functions that go with half-integer powers of the distance from a point, as dips do at contacts.
//!
//! ```text
//! t = anchor + length s² (or s⁴),   s = middle + half x,   f(t) = Σ cⱼ Tⱼ(x),   −1 ≤ x ≤ 1
//! ```
//! In s the powers are whole ones, or at least twice as high (or four times). Stretches are halved in s until the last coefficients are small.

use std::f64::consts::PI;

use super::simd::Lanes;

/// A part of the way from `anchor` to `anchor` + `length`, whichever sign that has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub anchor: f64,
    pub length: f64,
    pub root: Root,
    /// Centre and half width of its range of s.
    pub middle: f64,
    pub half: f64,
}

/// What s is of the distance from the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Square,
    /// For functions that have the slope of a root at the anchor, as the derivatives of dips.
    Fourth,
}

impl Stretch {
    /// All of the way.
    pub fn whole(anchor: f64, length: f64, root: Root) -> Self {
        Self { anchor, length, root, middle: 0.5, half: 0.5 }
    }

    /// Where x is.
    pub fn place(&self, x: f64) -> f64 {
        let s = self.middle + self.half * x;
        match self.root {
            Root::Square => self.anchor + self.length * s * s,
            Root::Fourth => self.anchor + self.length * (s * s) * (s * s),
        }
    }

    /// The x of places.
    #[inline(always)]
    pub fn x<L: Lanes>(&self, place: L) -> L {
        let s = (place - L::splat(self.anchor)).times(1.0 / self.length).max(L::splat(0.0)).sqrt();
        let s = match self.root {
            Root::Square => s,
            Root::Fourth => s.sqrt(),
        };
        s.mul_add(L::splat(1.0 / self.half), L::splat(-self.middle / self.half))
    }

    fn halves(&self) -> [Self; 2] {
        let half = 0.5 * self.half;
        [self.middle - half, self.middle + half].map(|middle| Self { middle, half, ..*self })
    }
}

/// Nodes x of series of N terms, and cos(π j (2i + 1) / 2N), by which values there become coefficients. N is a multiple of 4.
pub(super) struct Nodes<const N: usize> {
    pub x: [f64; N],
    cosines: [[f64; N]; N],
}

impl<const N: usize> Nodes<N> {
    pub fn new() -> Self {
        let angle = |i: usize| PI * (2 * i + 1) as f64 / (2 * N) as f64;
        let x = std::array::from_fn(|i| angle(i).cos());
        let cosines = std::array::from_fn(|j| std::array::from_fn(|i| (j as f64 * angle(i)).cos()));
        Self { x, cosines }
    }

    fn coefficients(&self, values: &[f64; N]) -> [f64; N] {
        let mut out = [0.0; N];
        for (c, row) in out.iter_mut().zip(&self.cosines) {
            let mut sums = [0.0; 4];
            for (row, values) in row.as_chunks::<4>().0.iter().zip(values.as_chunks::<4>().0) {
                for lane in 0..4 {
                    sums[lane] += row[lane] * values[lane];
                }
            }
            *c = 2.0 / N as f64 * (sums[0] + sums[1] + sums[2] + sums[3]);
        }
        out[0] *= 0.5;
        out
    }

    /// Calls `piece` with the parts into which `stretches` had to be halved, the coefficients of each of C functions there and
    /// the estimates of their errors. Parts that are not `worth` their evaluations are left out. `values` puts the values of
    /// the functions at places into the columns.
    ///
    /// After `most_halvings` a part is left as it is, whatever its errors.
    pub fn refine<const C: usize>(
        &self,
        stretches: impl IntoIterator<Item = Stretch>,
        (tolerances, most_halvings): ([f64; C], usize),
        mut worth: impl FnMut(&Stretch) -> bool,
        mut values: impl FnMut(&[f64], &mut [Vec<f64>; C]),
        mut piece: impl FnMut(Stretch, &[[f64; N]; C], [f64; C]),
    ) {
        let mut pending: Vec<Stretch> = stretches.into_iter().filter(&mut worth).collect();
        let mut at = Vec::new();
        let mut columns = [const { Vec::new() }; C];
        for halvings in 0..=most_halvings {
            if pending.is_empty() {
                break;
            }
            at.clear();
            for stretch in &pending {
                at.extend(self.x.map(|x| stretch.place(x)));
            }
            values(&at, &mut columns);
            let mut next = Vec::new();
            for (i, stretch) in pending.iter().enumerate() {
                let series = columns.each_ref().map(|values| self.coefficients(&values.as_chunks::<N>().0[i]));
                // the terms left out fall off at least as the eighth power of their number, and mostly much faster
                let errors = series.each_ref().map(|c| (c[N - 1].abs() + c[N - 2].abs()) * 3.0);
                let rough = errors.iter().zip(&tolerances).any(|(error, tolerance)| error > tolerance);
                if rough && halvings < most_halvings {
                    next.extend(stretch.halves().into_iter().filter(&mut worth));
                } else {
                    piece(*stretch, &series, errors);
                }
            }
            pending = next;
        }
    }
}
