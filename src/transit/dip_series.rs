//! Dips of many points at once, for laws whose kernel is dear: where points are close together, from Chebyshev series in the
//! distance of the centres.
//!
//! For one planet and law the dip is a function of z alone, smooth between the contacts at |1 − k| and 1 + k, where it has
//! half-integer powers of the distance from them (of the law's own power of μ, any powers above 3/2). So it is a series in
//! the root of the distance from the nearer contact,
//!
//! ```text
//! z = (1 − k) (1 − s²)        inside the star, from contact to centre
//! z = |1 − k| + min(k, 1) s²,  z = 1 + k − min(k, 1) s²   across the limb
//! ```
//! Each is halved in s until its last coefficients are small. A part with too few points to be worth it, or not smooth
//! enough, has its points evaluated by the kernel. The dips differ from the kernel's by 3e-10 at most (see the tests); which
//! of both a point gets depends on how many other points there are, and on nothing else.

use std::sync::LazyLock;

use super::limb_darkening::{Law, LimbDarkening};
use super::series::{Nodes, Stretch};
use super::simd::functions::clenshaw;
use super::simd::{Kernel, Lanes, MAX_LANES, dispatch, load_padded, store_partial};
use super::surface::dips_by_kernel;

/// Nodes, and terms, of a series: with these, three series mostly do.
const TERMS: usize = 24;
/// A series is good enough when the estimate of its error is below this.
const TOLERANCE: f64 = 3e-10;
/// Coefficients whose sum is below this are not evaluated.
const NEGLIGIBLE: f64 = 1e-12;
const MOST_HALVINGS: usize = 4;
/// How many points make it worth to evaluate a series' nodes and, half of the time, those of its halves.
const WORTH: usize = 40;
/// So many points are looked at to know how many there are in each part.
const SAMPLES: usize = 128;

static NODES: LazyLock<Nodes<TERMS>> = LazyLock::new(Nodes::new);

/// Puts the dip in the place of each distance.
pub(super) fn dips_in_place(k: f64, ld: &LimbDarkening, z: &mut [f64]) {
    if z.len() < WORTH || !pays(ld) || !(k > 0.0 && k.is_finite()) {
        return dips_by_kernel(k, ld, z);
    }
    let mut pieces = pieces(k, ld, z);
    if pieces.is_empty() {
        return dips_by_kernel(k, ld, z);
    }
    pieces.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut rest = Vec::new();
    dispatch(Evaluate { k, pieces: &pieces, z, rest: &mut rest });
    let mut dips: Vec<f64> = rest.iter().map(|i| z[*i]).collect();
    dips_by_kernel(k, ld, &mut dips);
    rest.iter().zip(dips).for_each(|(i, dip)| z[*i] = dip);
}

/// Whether a law's kernel costs more than a series.
pub(super) fn pays(ld: &LimbDarkening) -> bool {
    matches!(ld.law(), Law::Radial(_))
}

/// The series for low ≤ z < high.
#[derive(Clone, Copy, Debug)]
struct Piece {
    low: f64,
    high: f64,
    stretch: Stretch,
    series: [f64; TERMS],
    /// How many of them count.
    terms: usize,
}

impl Piece {
    fn new(stretch: Stretch, series: &[f64; TERMS]) -> Self {
        let (a, b) = (stretch.place(-1.0), stretch.place(1.0));
        let mut left_out = 0.0;
        let tail = series.iter().rev().take_while(|c| {
            left_out += c.abs();
            left_out < NEGLIGIBLE
        });
        let terms = TERMS - tail.count().min(TERMS - 2);
        Self { low: a.min(b), high: a.max(b), stretch, series: *series, terms }
    }
}

/// Series for the parts of the disc where there are many points.
fn pieces(k: f64, ld: &LimbDarkening, z: &[f64]) -> Vec<Piece> {
    let step = z.len().div_ceil(SAMPLES);
    let mut samples: Vec<f64> = z.iter().step_by(step).map(|z| z.abs()).collect();
    samples.sort_unstable_by(f64::total_cmp);
    let worth = |stretch: &Stretch| {
        let (a, b) = (stretch.place(-1.0), stretch.place(1.0));
        let below = |z: f64| samples.partition_point(|sample| *sample < z);
        (below(a.max(b)) - below(a.min(b))) * step >= WORTH
    };
    let (inner, outer, half) = ((1.0 - k).abs(), 1.0 + k, k.min(1.0));
    let inside = (k < 1.0).then(|| Stretch::whole(inner, -inner));
    let across = [Stretch::whole(inner, half), Stretch::whole(outer, -half)];
    let mut pieces = Vec::new();
    NODES.refine(
        inside.into_iter().chain(across),
        (TOLERANCE, MOST_HALVINGS),
        worth,
        |z| dips_by_kernel(k, ld, z),
        |stretch, series, error| {
            if error <= TOLERANCE {
                pieces.push(Piece::new(stretch, series));
            }
        },
    );
    pieces
}

/// Puts dips in the place of distances, but for those in no piece, whose indices it adds to `rest`.
struct Evaluate<'a> {
    k: f64,
    pieces: &'a [Piece],
    z: &'a mut [f64],
    rest: &'a mut Vec<usize>,
}

impl Kernel for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (outer, cover) = (L::splat(1.0 + self.k), L::splat(self.k - 1.0));
        for (i, chunk) in self.z.chunks_mut(L::LANES).enumerate() {
            let signed = load_padded::<L>(chunk);
            let z = signed.abs();
            let (outside, covered) = (outer.le(z), z.le(cover));
            // zero for points that have no answer yet
            let settled = L::select(outside, one, L::select(covered, one, zero));
            let mut settled = L::select(z.is_nan(), one, settled);
            let mut dips = L::select(outside, zero, L::select(covered, one, signed));
            for Piece { low, high, stretch, series, terms } in self.pieces {
                let here = L::both(L::splat(*low).le(z), z.lt(L::splat(*high)));
                let here = L::both(here, settled.lt(one));
                if !L::any(here) {
                    continue;
                }
                let s = ((z - L::splat(stretch.anchor)).times(1.0 / stretch.length)).max(zero).sqrt();
                let x = s.mul_add(L::splat(1.0 / stretch.half), L::splat(-stretch.middle / stretch.half));
                dips = L::select(here, clenshaw(&series[..*terms], x), dips);
                settled = L::select(here, one, settled);
            }
            store_partial(dips, chunk);
            if L::any(settled.lt(one)) {
                let mut each = [0.0; MAX_LANES];
                store_partial(settled, &mut each[..L::LANES]);
                let here = each.iter().take(chunk.len()).enumerate().filter(|(_, settled)| **settled == 0.0);
                self.rest.extend(here.map(|(lane, _)| i * L::LANES + lane));
            }
        }
    }
}
