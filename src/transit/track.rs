//! Where planets are on the sky, over vectors of times, and how that changes with each element of their orbit.
//!
//! With X = cos E − e, Y = √(1 − e²) sin E in units of the semi-major axis a, and ω the star's argument of periastron,
//!
//! ```text
//! A = Y sin ω − X cos ω     across the line of nodes' perpendicular: r sin ψ
//! B = Y cos ω + X sin ω     towards the observer, before inclination: r cos ψ
//! z² = a² (A² + B² cos² i),   cos i = b (1 + e sin ω) / (a (1 − e²))
//! ```

use super::kepler::Solver;
use super::orbit::{Orbit, PhaseSlopes};
use super::simd::Lanes;
use super::simd::functions::{sin_cos_half_turn, sin_near};

/// An orbit, as vectors need it.
#[derive(Clone, Copy)]
pub(super) struct Track<L> {
    circular: bool,
    frequency: L,
    mean_motion: L,
    a2: L,
    cos2_i: L,
    sin2_i: L,
    // of eccentric orbits
    solver: Solver<L>,
    mean_anomaly: L,
    ecc: L,
    minor: L,
    sin_omega: L,
    cos_omega: L,
}

/// Elements in the order of the derivatives: transit time, period, a_rs, impact parameter, ecc, omega.
pub(super) const ELEMENTS: usize = 6;

/// A distance, and z times its derivative by each element.
pub(super) struct Motion<L> {
    pub z: L,
    pub z_dz: [L; ELEMENTS],
}

impl<L: Lanes> Track<L> {
    #[inline(always)]
    pub fn new(orbit: &Orbit) -> Self {
        let elements = orbit.elements();
        let ecc = elements.ecc;
        let (sin_omega, cos_omega) = elements.omega.sin_cos();
        let cos_i = orbit.cos_inclination();
        Self {
            circular: ecc == 0.0,
            frequency: L::splat(1.0 / elements.period),
            mean_motion: L::splat(orbit.mean_motion()),
            a2: L::splat(elements.a_rs * elements.a_rs),
            cos2_i: L::splat(cos_i * cos_i),
            sin2_i: L::splat((1.0 - cos_i) * (1.0 + cos_i)),
            solver: Solver::new(ecc),
            mean_anomaly: L::splat(orbit.mean_anomaly_at_transit()),
            ecc: L::splat(ecc),
            minor: L::splat(((1.0 - ecc) * (1.0 + ecc)).sqrt()),
            sin_omega: L::splat(sin_omega),
            cos_omega: L::splat(cos_omega),
        }
    }

    /// Projected distance `dt` days from a transit, for dt during it.
    #[inline(always)]
    pub fn distance(&self, dt: L) -> L {
        let (a, b) = if self.circular {
            let s = sin_near(self.mean_motion * dt);
            let z2 = self.a2 * (s * s).mul_add(self.sin2_i, self.cos2_i);
            return z2.max(L::splat(1e-290)).quick_sqrt();
        } else {
            let anomaly = self.solver.solve(self.mean_motion.mul_add(dt, self.mean_anomaly));
            let (x, y) = (anomaly.cos - self.ecc, self.minor * anomaly.sin);
            (y * self.sin_omega - x * self.cos_omega, y * self.cos_omega + x * self.sin_omega)
        };
        (self.a2 * (b * b).mul_add(self.cos2_i, a * a)).max(L::splat(1e-290)).quick_sqrt()
    }

    /// Distance and derivatives `dt` days from the transit of number `epoch`.
    #[inline(always)]
    pub fn motion(&self, dt: L, epoch: L, slopes: &PhaseSlopes) -> Motion<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (sin, cos, x, y) = if self.circular && !slopes.eccentric {
            // E from inferior conjunction: the same formulae with ω = π/2
            let phase = self.mean_motion * dt;
            let (s, c, _) = sin_cos_half_turn(phase.abs());
            let s = s.copysign(phase);
            (s, c, c, s)
        } else {
            let anomaly = self.solver.solve(self.mean_motion.mul_add(dt, self.mean_anomaly));
            (anomaly.sin, anomaly.cos, anomaly.cos - self.ecc, self.minor * anomaly.sin)
        };
        let (sin_o, cos_o) =
            if self.circular && !slopes.eccentric { (one, zero) } else { (self.sin_omega, self.cos_omega) };
        let a = y * sin_o - x * cos_o;
        let b = y * cos_o + x * sin_o;
        let z2 = self.a2 * (b * b).mul_add(self.cos2_i, a * a);
        let tilted = b * self.cos2_i;
        // derivatives by E, over a²
        let (a_e, b_e) = (self.minor * cos * sin_o + sin * cos_o, self.minor * cos * cos_o - sin * sin_o);
        let by_e = a * a_e + tilted * b_e;
        let rho = (one - self.ecc * cos).reciprocal();
        let by_phase = self.a2 * by_e * rho;
        let by_time = by_phase * -self.mean_motion;
        let turns = dt.mul_add(self.frequency, epoch);
        let b2 = self.a2 * b * b;
        let mut z_dz = [
            by_time,
            by_time * turns,
            self.a2 * a * a * L::splat(slopes.per_a),
            b2.times(slopes.tilt_by_b),
            zero,
            zero,
        ];
        if slopes.eccentric {
            let y_e = (self.ecc * sin).times(-slopes.inverse_minor);
            let (a_x, b_x) = (y_e * sin_o + cos_o, y_e * cos_o - sin_o);
            z_dz[4] = by_phase * (sin + L::splat(slopes.phase_by_ecc))
                + self.a2 * (a * a_x + tilted * b_x)
                + b2.times(slopes.tilt_by_ecc);
            z_dz[5] =
                by_phase.times(slopes.phase_by_omega) + self.a2 * a * b * self.sin2_i + b2.times(slopes.tilt_by_omega);
        }
        Motion { z: z2.max(L::splat(1e-290)).quick_sqrt(), z_dz }
    }
}
