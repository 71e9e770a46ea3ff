//! Functions of the distance of the centres in series, for one planet and law: dips and their derivatives of many points.
//!
//! They are smooth between the contacts at |1 − k| and 1 + k, and go with half-integer powers of the distance from them, or
//! with others where the law has other powers of μ. So they are series in a root of the distance from the nearer contact,
//!
//! ```text
//! z = (1 − k) (1 − sⁿ)          inside the star, from contact to centre
//! z = |1 − k| + min(k, 1) sⁿ,   z = 1 + k − min(k, 1) sⁿ   across the limb
//! ```
//! with n = 2 for dips, whose least power is 3/2, and 4 for derivatives, whose least power is 1/2. A part that has too few
//! points to be worth it, or is not smooth enough, gets no series.
//!
//! So a point's last digits depend on the other points of the same call. Calls are never cut by the number of threads, and
//! nothing is kept from one to the next.

use std::sync::LazyLock;

use super::series::{Nodes, Root, Stretch};
use super::simd::Lanes;

/// Nodes, and terms, of a series: with these, three series mostly do.
const TERMS: usize = 24;
const MOST_HALVINGS: usize = 4;
/// How many points across the limb make it worth to evaluate the nodes of a series there and, it may be, of its halves.
pub(super) const WORTH: usize = 48;
/// Inside, where the kernel is cheap but for the nodes, which crowd next to the contact; the more so in the fourth root.
const WORTH_INSIDE: usize = 120;
const WORTH_INSIDE_FOURTH: usize = 200;
/// So many points are looked at to know how many there are in each part.
const SAMPLES: usize = 64;
/// Terms are left out that together are less than this share of the tolerance.
const NEGLIGIBLE: f64 = 3e-3;

static NODES: LazyLock<Nodes<TERMS>> = LazyLock::new(Nodes::new);

/// Where points are.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    /// Distances of some of the points, in order.
    samples: Vec<f64>,
    /// One of so many.
    step: usize,
}

impl Crowd {
    /// How many points to go from one sample to the next.
    pub fn step(points: usize) -> usize {
        points.div_ceil(SAMPLES).max(1)
    }

    /// From the distance of every [`step`](Self::step)th of `points`.
    pub fn new(points: usize, mut samples: Vec<f64>) -> Self {
        samples.iter_mut().for_each(|z| *z = z.abs());
        samples.sort_unstable_by(f64::total_cmp);
        Self { samples, step: Self::step(points) }
    }

    fn count(&self, low: f64, high: f64) -> usize {
        let below = |z: f64| self.samples.partition_point(|sample| *sample < z);
        (below(high) - below(low)) * self.step
    }
}

/// The series of C functions for low ≤ z < high.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<const C: usize> {
    low: f64,
    high: f64,
    stretch: Stretch,
    series: [[f64; TERMS]; C],
    /// How many of them count.
    terms: usize,
}

impl<const C: usize> Piece<C> {
    fn new(stretch: Stretch, series: &[[f64; TERMS]; C], tolerances: &[f64; C]) -> Self {
        let (low, high) = ends(&stretch);
        let needed = |(series, tolerance): (&[f64; TERMS], &f64)| {
            let mut left_out = 0.0;
            let tail = series.iter().rev().take_while(|c| {
                left_out += c.abs();
                left_out < NEGLIGIBLE * tolerance
            });
            TERMS - tail.count()
        };
        let terms = series.iter().zip(tolerances).map(needed).max().unwrap_or(TERMS).max(2);
        Self { low, high, stretch, series: *series, terms }
    }

    /// Which of `z` are in it.
    #[inline(always)]
    pub fn holds<L: Lanes>(&self, z: L) -> L::Mask {
        L::both(L::splat(self.low).le(z), z.lt(L::splat(self.high)))
    }

    #[inline(always)]
    pub fn x<L: Lanes>(&self, z: L) -> L {
        self.stretch.x(z)
    }

    /// Coefficients of a function.
    #[inline(always)]
    pub fn series(&self, column: usize) -> &[f64] {
        &self.series[column][..self.terms]
    }
}

fn ends(stretch: &Stretch) -> (f64, f64) {
    let (a, b) = (stretch.place(-1.0), stretch.place(1.0));
    (a.min(b), a.max(b))
}

/// Series for the parts of the disc where the crowd is, for a planet of radius `k`, from centre to limb. `values` puts the
/// values of the functions at distances into columns, and each function's error is to be within its tolerance.
pub(super) fn pieces<const C: usize>(
    k: f64,
    crowd: &Crowd,
    root: Root,
    tolerances: [f64; C],
    values: impl FnMut(&[f64], &mut [Vec<f64>; C]),
) -> Vec<Piece<C>> {
    if !(k > 0.0 && k.is_finite()) {
        return Vec::new();
    }
    let (inner, outer, half) = ((1.0 - k).abs(), 1.0 + k, k.min(1.0));
    let worth_inside = match root {
        Root::Square => WORTH_INSIDE,
        Root::Fourth => WORTH_INSIDE_FOURTH,
    };
    let worth = |stretch: &Stretch| {
        let (low, high) = ends(stretch);
        crowd.count(low, high) >= if high <= 1.0 - k { worth_inside } else { WORTH }
    };
    let inside = (k < 1.0).then(|| Stretch::whole(inner, -inner, root));
    let across = [Stretch::whole(inner, half, root), Stretch::whole(outer, -half, root)];
    let mut pieces = Vec::new();
    let keep = |stretch, series: &[[f64; TERMS]; C], errors: [f64; C]| {
        if errors.iter().zip(&tolerances).all(|(error, tolerance)| error <= tolerance) {
            pieces.push(Piece::new(stretch, series, &tolerances));
        }
    };
    NODES.refine(inside.into_iter().chain(across), (tolerances, MOST_HALVINGS), worth, values, keep);
    pieces.sort_by(|a, b| a.low.total_cmp(&b.low));
    pieces
}
