//! Dips of one planet at times from mid-transit, and their derivatives by its orbit, size and law.

use super::orbit::{Orbit, PhaseSlopes};
use super::simd::{Kernel, Lanes, load_padded, store_partial};
use super::surface::{Surface, WithSurface};
use super::track::{ELEMENTS, Track};

/// Puts the distance of the centres in the place of each time from mid-transit.
pub(super) struct Distances<'a> {
    pub orbit: &'a Orbit,
    pub at: &'a mut [f64],
}

impl Kernel for Distances<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let track = Track::<L>::new(self.orbit);
        for at in self.at.chunks_mut(L::LANES) {
            store_partial(track.distance(load_padded(at)), at);
        }
    }
}

/// Puts the dip in the place of each time from mid-transit.
pub(super) struct InstantDips<'a> {
    pub orbit: &'a Orbit,
    pub at: &'a mut [f64],
}

impl WithSurface for InstantDips<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) {
        let track = Track::<L>::new(self.orbit);
        for at in self.at.chunks_mut(L::LANES) {
            store_partial(surface.dip(track.distance(load_padded(at))), at);
        }
    }
}

/// Writes dips and their derivatives by the six elements, the radius ratio and the law's coefficients.
pub(super) struct InstantGradients<'a> {
    pub orbit: &'a Orbit,
    pub slopes: PhaseSlopes,
    pub dt: &'a [f64],
    pub epoch: &'a [f64],
    pub dip: &'a mut [f64],
    pub columns: &'a mut [Vec<f64>],
}

impl WithSurface for InstantGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes, S: Surface<L>>(self, surface: &S) {
        let track = Track::<L>::new(self.orbit);
        let mut at = 0;
        for (dt, epoch) in self.dt.chunks(L::LANES).zip(self.epoch.chunks(L::LANES)) {
            let range = at..at + dt.len();
            at = range.end;
            let motion = track.motion(load_padded(dt), load_padded(epoch), &self.slopes);
            let g = surface.gradient(motion.z);
            store_partial(g.dip, &mut self.dip[range.clone()]);
            let per_z = g.dz * motion.z.reciprocal();
            for (column, z_dz) in self.columns.iter_mut().zip(motion.z_dz) {
                store_partial(per_z * z_dz, &mut column[range.clone()]);
            }
            store_partial(g.dk, &mut self.columns[ELEMENTS][range.clone()]);
            for (column, value) in self.columns[ELEMENTS + 1..].iter_mut().zip(&g.coefficients) {
                store_partial(*value, &mut column[range.clone()]);
            }
        }
    }
}
