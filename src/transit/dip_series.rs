//! Dips of many points, for laws whose kernel is dear: from series in the distance where points are close together, from the
//! kernel where they are not. Which of both a point gets depends on where the other points are, and on nothing else.

use super::distance_series::{Crowd, Piece, WORTH, pieces};
use super::limb_darkening::LimbDarkening;
use super::series::Root;
use super::simd::functions::clenshaw;
use super::simd::{Kernel, Lanes, MAX_LANES, dispatch, load_padded, store_partial};
use super::surface::{dips_by_kernel, is_dear};

/// A series is good enough when the estimate of its error is below this. Its dips then differ from the kernel's by 6e-10 at
/// most, for planets of 0.003 to 2 stellar radii and all laws, and from the integral over annuli by 3e-10 (see the tests).
pub(super) const TOLERANCE: f64 = 3e-10;

/// Puts the dip in the place of each distance.
pub(super) fn dips_in_place(k: f64, ld: &LimbDarkening, z: &mut [f64]) {
    if z.len() < WORTH || !is_dear(ld) {
        return dips_by_kernel(k, ld, z);
    }
    let crowd = Crowd::new(z.len(), z.iter().step_by(Crowd::step(z.len())).copied().collect());
    let pieces = pieces(k, &crowd, Root::Square, [TOLERANCE], |z, [column]| {
        column.clear();
        column.extend_from_slice(z);
        dips_by_kernel(k, ld, column);
    });
    if pieces.is_empty() {
        return dips_by_kernel(k, ld, z);
    }
    let mut rest = Vec::new();
    dispatch(Evaluate { k, pieces: &pieces, z, rest: &mut rest });
    let mut dips: Vec<f64> = rest.iter().map(|i| z[*i]).collect();
    dips_by_kernel(k, ld, &mut dips);
    rest.iter().zip(dips).for_each(|(i, dip)| z[*i] = dip);
}

/// Puts dips in the place of distances, but for those in no piece, whose indices it adds to `rest`.
struct Evaluate<'a> {
    k: f64,
    pieces: &'a [Piece<1>],
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
            // 0 for points that have no answer yet, else 1
            let settled = L::select(outside, one, L::select(covered, one, zero));
            let mut settled = L::select(z.is_nan(), one, settled);
            let mut dips = L::select(outside, zero, L::select(covered, one, signed));
            for piece in self.pieces {
                let here = L::both(piece.holds(z), settled.lt(one));
                if L::any(here) {
                    dips = L::select(here, clenshaw(piece.series(0), piece.x(z)), dips);
                    settled = L::select(here, one, settled);
                }
            }
            store_partial(dips, chunk);
            if L::any(settled.lt(one)) {
                let mut each = [0.0; MAX_LANES];
                settled.store(&mut each);
                let here = each.iter().take(chunk.len()).enumerate().filter(|(_, settled)| **settled == 0.0);
                self.rest.extend(here.map(|(lane, _)| i * L::LANES + lane));
            }
        }
    }
}
