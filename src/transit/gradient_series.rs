//! Dips and derivatives of many points, for laws whose kernel is dear: a surface that has series in the distance where points
//! are close together, and asks the kernel where they are not.

use super::dip_series::TOLERANCE;
use super::distance_series::{Crowd, Piece, WORTH, pieces};
use super::limb_darkening::LimbDarkening;
use super::series::Root;
use super::simd::Lanes;
use super::simd::functions::clenshaw;
use super::surface::{COEFFICIENTS, Surface, SurfaceGradient, WithSurface, gradients_by_kernel, is_dear, with_surface};

/// The dip, its derivatives by z and k, and by the law's coefficients.
const COLUMNS: usize = 3 + COEFFICIENTS;
/// As [`TOLERANCE`], for derivatives, which the kernel has to 1e-8: those by z and k differ from its own by 4e-9 at most, by
/// coefficients by 1e-9 (see the tests).
const OF_DERIVATIVES: f64 = 5e-9;

/// As [`with_surface`], for work that wants gradients of so many `points`; `samples` gives the distance of each so-manieth,
/// as [`Crowd`] wants them.
pub(super) fn with_surface_of_many<W: WithSurface>(
    k: f64,
    ld: &LimbDarkening,
    points: usize,
    samples: impl FnOnce(usize) -> Vec<f64>,
    work: W,
) -> W::Output {
    if points < WORTH || !is_dear(ld) {
        return with_surface(k, ld, work);
    }
    let crowd = Crowd::new(points, samples(Crowd::step(points)));
    let tolerances = std::array::from_fn(|column| if column == 0 { TOLERANCE } else { OF_DERIVATIVES });
    let pieces = pieces(k, &crowd, Root::Fourth, tolerances, |z, columns| gradients_by_kernel(z, k, ld, columns));
    if pieces.is_empty() {
        return with_surface(k, ld, work);
    }
    with_surface(k, ld, OfMany { k, pieces: &pieces, coefficients: ld.coefficient_names().len(), work })
}

/// Work with the surface that has series.
struct OfMany<'a, W> {
    k: f64,
    pieces: &'a [Piece<COLUMNS>],
    coefficients: usize,
    work: W,
}

impl<W: WithSurface> WithSurface for OfMany<'_, W> {
    type Output = W::Output;

    #[inline(always)]
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) -> W::Output {
        let Self { k, pieces, coefficients, work } = self;
        work.run(&InSeries { k, pieces, coefficients, kernel: *surface })
    }
}

#[derive(Clone, Copy)]
struct InSeries<'a, S> {
    k: f64,
    pieces: &'a [Piece<COLUMNS>],
    /// How many coefficients the law has.
    coefficients: usize,
    kernel: S,
}

impl<L: Lanes, S: Surface<L>> Surface<L> for InSeries<'_, S> {
    #[inline(always)]
    fn dip(&self, z: L) -> L {
        self.kernel.dip(z)
    }

    #[inline(always)]
    fn gradient(&self, signed: L) -> SurfaceGradient<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let z = signed.abs();
        let (outside, covered) = (L::splat(1.0 + self.k).le(z), z.le(L::splat(self.k - 1.0)));
        // 0 for points that have no answer yet, else 1
        let mut settled = L::select(outside, one, L::select(covered, one, zero));
        let mut all = [zero; COLUMNS];
        all[0] = L::select(covered, one, zero);
        for piece in self.pieces {
            let here = L::both(piece.holds(z), settled.lt(one));
            if L::any(here) {
                let x = piece.x(z);
                for (column, value) in all[..3 + self.coefficients].iter_mut().enumerate() {
                    *value = L::select(here, clenshaw(piece.series(column), x), *value);
                }
                settled = L::select(here, one, settled);
            }
        }
        all[1] = all[1] * one.copysign(signed);
        if L::any(settled.lt(one)) {
            for (value, kernel) in all.iter_mut().zip(&self.kernel.gradient(signed).all()) {
                *value = L::select(settled.lt(one), *kernel, *value);
            }
        }
        let [dip, dz, dk, coefficients @ ..] = all;
        SurfaceGradient { dip, dz, dk, coefficients }
    }
}
