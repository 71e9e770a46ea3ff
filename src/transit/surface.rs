//! A star's surface as planets cross it: what each limb-darkening law offers to the kernels of light curves.

use super::batch::Disc;
use super::dip_series::dips_in_place;
use super::gradient_series::with_surface_of_many;
use super::limb_darkening::{Law, LimbDarkening};
use super::radial::{FUNCTIONS, Family, HalfPowers, Logarithmic, Power, Radial};
use super::simd::{Kernel, Lanes, dispatch, load_padded, store_partial};

/// Most coefficients of a law.
pub(super) const COEFFICIENTS: usize = FUNCTIONS;

/// Dips at vectors of distances.
pub(super) trait Surface<L: Lanes>: Copy {
    fn dip(&self, z: L) -> L;
    fn gradient(&self, z: L) -> SurfaceGradient<L>;
}

/// A dip and its derivatives.
pub(super) struct SurfaceGradient<L> {
    pub dip: L,
    pub dz: L,
    pub dk: L,
    /// By the law's coefficients, and zeros.
    pub coefficients: [L; COEFFICIENTS],
}

impl<L: Lanes> SurfaceGradient<L> {
    /// As columns.
    #[inline(always)]
    pub fn all(&self) -> [L; 3 + COEFFICIENTS] {
        let [c1, c2, c3, c4] = self.coefficients;
        [self.dip, self.dz, self.dk, c1, c2, c3, c4]
    }
}

impl<L: Lanes> Surface<L> for Disc<L> {
    #[inline(always)]
    fn dip(&self, z: L) -> L {
        Disc::dip(self, z)
    }

    #[inline(always)]
    fn gradient(&self, z: L) -> SurfaceGradient<L> {
        let g = Disc::gradient(self, z);
        let zero = L::splat(0.0);
        SurfaceGradient { dip: g.dip, dz: g.dz, dk: g.dk, coefficients: [g.du1, g.du2, zero, zero] }
    }
}

/// Work that is to be done with the surface of whatever law.
pub(super) trait WithSurface {
    type Output;
    /// Must be `#[inline(always)]`.
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) -> Self::Output;
}

/// Runs `work` for a planet of radius `k` in front of a star of law `ld`.
pub(super) fn with_surface<W: WithSurface>(k: f64, ld: &LimbDarkening, work: W) -> W::Output {
    dispatch(Chosen { k, law: ld.law(), work })
}

/// Whether the law's kernel costs more a point than a series in the distance.
pub(super) fn is_dear(ld: &LimbDarkening) -> bool {
    matches!(ld.law(), Law::Radial(_))
}

struct Chosen<W> {
    k: f64,
    law: Law,
    work: W,
}

impl<W: WithSurface> Kernel for Chosen<W> {
    type Output = W::Output;

    #[inline(always)]
    fn run<L: Lanes>(self) -> W::Output {
        match &self.law {
            Law::Quadratic(law) => self.work.run(&Disc::<L>::new(self.k, law)),
            Law::Radial(law) => match law.family {
                Family::HalfPowers => self.work.run(&Radial::<L, _>::new(self.k, law, HalfPowers)),
                Family::Power(alpha) => self.work.run(&Radial::<L, _>::new(self.k, law, Power(alpha))),
                Family::Logarithmic => self.work.run(&Radial::<L, _>::new(self.k, law, Logarithmic)),
            },
        }
    }
}

/// Writes the dip at each of `z`, for any law, to `out`. Panics if the lengths differ.
///
/// Uniform, linear and quadratic laws are exact to rounding, the others to 1e-9; these are cheaper a point the more points
/// there are, and a point's last digits depend on where the others are.
pub fn dip_into(z: &[f64], k: f64, ld: &LimbDarkening, out: &mut [f64]) {
    assert_eq!(z.len(), out.len(), "one dip per distance");
    out.copy_from_slice(z);
    dips_in_place(k, ld, out);
}

/// Puts the dip in the place of each distance, point by point.
pub(super) fn dips_by_kernel(k: f64, ld: &LimbDarkening, z: &mut [f64]) {
    with_surface(k, ld, Dips(z));
}

struct Dips<'a>(&'a mut [f64]);

impl WithSurface for Dips<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) {
        for z in self.0.chunks_mut(L::LANES) {
            store_partial(surface.dip(load_padded(z)), z);
        }
    }
}

/// Writes dips and their derivatives by z, k and the law's coefficients as columns of `out`, which it resizes.
///
/// Those of quadratic laws are exact to rounding; of the others, derivatives to 1e-8 and the rest as for [`dip_into`].
pub fn dip_gradient_into(z: &[f64], k: f64, ld: &LimbDarkening, out: &mut [Vec<f64>; 3 + COEFFICIENTS]) {
    out.iter_mut().for_each(|column| column.resize(z.len(), 0.0));
    let samples = |step| z.iter().step_by(step).copied().collect();
    with_surface_of_many(k, ld, z.len(), samples, Gradients { z, out });
}

/// [`dip_gradient_into`] point by point.
pub(super) fn gradients_by_kernel(z: &[f64], k: f64, ld: &LimbDarkening, out: &mut [Vec<f64>; 3 + COEFFICIENTS]) {
    out.iter_mut().for_each(|column| column.resize(z.len(), 0.0));
    with_surface(k, ld, Gradients { z, out });
}

struct Gradients<'a> {
    z: &'a [f64],
    out: &'a mut [Vec<f64>; 3 + COEFFICIENTS],
}

impl WithSurface for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) {
        for (i, z) in self.z.chunks(L::LANES).enumerate() {
            let range = i * L::LANES..i * L::LANES + z.len();
            let g = surface.gradient(load_padded(z));
            for (column, value) in self.out.iter_mut().zip(&g.all()) {
                store_partial(*value, &mut column[range.clone()]);
            }
        }
    }
}
