//! Keplerian orbits as transits see them: where the planet is on the sky, contact times and durations.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::kepler::{eccentric_anomaly, mean_anomaly_at_true, mean_anomaly_slopes, true_anomaly};
use super::{TransitError, finite, non_negative, positive};
use crate::star::a_over_rstar;

/// What defines an orbit; plain numbers, checked by [`Orbit::new`].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrbitElements {
    /// Days.
    pub period: f64,
    /// Time of inferior conjunction (days): true anomaly π/2 − `omega`, where the planet is nearest to the observer's
    /// line of sight in angle along its orbit. On an eccentric, inclined orbit it is a little off the deepest point.
    pub transit_time: f64,
    /// Semi-major axis over stellar radius.
    pub a_rs: f64,
    /// Projected distance of the centres at `transit_time`, in stellar radii: b = a cos i (1 − e²) / (1 + e sin ω).
    pub impact_parameter: f64,
    /// Eccentricity.
    #[serde(default)]
    pub ecc: f64,
    /// Argument of periastron of the star's orbit, as radial velocities give it (radians).
    #[serde(default)]
    pub omega: f64,
}

impl OrbitElements {
    /// A circular orbit.
    pub fn circular(period: f64, transit_time: f64, a_rs: f64, impact_parameter: f64) -> Self {
        Self { period, transit_time, a_rs, impact_parameter, ecc: 0.0, omega: 0.0 }
    }

    /// A circular orbit around a star of mean density `rho_star` (solar units); set `ecc` and `omega` after.
    pub fn from_density(period: f64, transit_time: f64, rho_star: f64, impact_parameter: f64) -> Self {
        Self::circular(period, transit_time, a_over_rstar(period, rho_star), impact_parameter)
    }
}

/// Where the planet is on the sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkyPosition {
    /// Projected distance from the star's centre in stellar radii.
    pub z: f64,
    /// Whether the planet is nearer to the observer than the star is.
    pub in_front: bool,
}

/// Contacts of one transit, in days from `transit_time`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contacts {
    /// First contact: the discs begin to overlap.
    pub t1: f64,
    /// Second and third contact, between which the smaller disc lies within the larger; none for a grazing transit.
    pub full: Option<(f64, f64)>,
    /// Least projected distance.
    pub deepest: f64,
    /// Fourth contact.
    pub t4: f64,
}

/// Whether derivatives by `ecc` and `omega` are wanted of a circular orbit, where that by `omega` is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrbitShape {
    /// Derivatives by `ecc` and `omega` of a circular orbit are left zero: the faster way.
    CircularIfZero,
    Eccentric,
}

/// Constants of the derivatives of z² by the elements; `tilt` is cos i, `phase` the mean anomaly at transit.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseSlopes {
    pub eccentric: bool,
    pub per_a: f64,
    pub inverse_minor: f64,
    /// cos i · d cos i / db, and so on.
    pub tilt_by_b: f64,
    pub tilt_by_ecc: f64,
    pub tilt_by_omega: f64,
    pub phase_by_ecc: f64,
    pub phase_by_omega: f64,
}

/// A checked orbit: it does not enter the star, and its impact parameter is one that an inclination gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    elements: OrbitElements,
    frequency: f64,
    mean_motion: f64,
    cos_i: f64,
    sin2_i: f64,
    sin_omega: f64,
    cos_omega: f64,
    /// Mean anomaly at `transit_time`.
    mean_anomaly: f64,
}

impl Orbit {
    /// Checks `elements`: finite, period and a_rs positive, 0 ≤ impact_parameter ≤ distance at transit, 0 ≤ ecc < 1,
    /// and a periastron outside the star.
    pub fn new(elements: OrbitElements) -> Result<Self, TransitError> {
        let OrbitElements { ecc, omega, .. } = elements;
        let period = positive("period", elements.period)?;
        finite("transit_time", elements.transit_time)?;
        finite("omega", omega)?;
        let a_rs = positive("a_rs", elements.a_rs)?;
        let b = non_negative("impact_parameter", elements.impact_parameter)?;
        if !(0.0..1.0).contains(&ecc) {
            return Err(TransitError::Eccentricity(ecc));
        }
        if a_rs * (1.0 - ecc) <= 1.0 {
            return Err(TransitError::InsideStar(a_rs * (1.0 - ecc)));
        }
        let (sin_omega, cos_omega) = omega.sin_cos();
        let distance = a_rs * (1.0 - ecc) * (1.0 + ecc) / (1.0 + ecc * sin_omega);
        if b > distance {
            return Err(TransitError::ImpactParameter { impact_parameter: b, distance });
        }
        let cos_i = b / distance;
        Ok(Self {
            elements,
            frequency: 1.0 / period,
            mean_motion: TAU / period,
            cos_i,
            sin2_i: (1.0 - cos_i) * (1.0 + cos_i),
            sin_omega,
            cos_omega,
            mean_anomaly: mean_anomaly_at_true(FRAC_PI_2 - omega, ecc),
        })
    }

    /// The elements that the orbit was made from.
    pub fn elements(&self) -> &OrbitElements {
        &self.elements
    }

    /// Inclination in radians, π/2 for a central transit.
    pub fn inclination(&self) -> f64 {
        self.cos_i.acos()
    }

    /// Cosine of the inclination.
    pub(super) fn cos_inclination(&self) -> f64 {
        self.cos_i
    }

    /// Radians a day.
    pub(super) fn mean_motion(&self) -> f64 {
        self.mean_motion
    }

    /// Mean anomaly at `transit_time`.
    pub(super) fn mean_anomaly_at_transit(&self) -> f64 {
        self.mean_anomaly
    }

    /// What the derivatives of positions by elements need; those by ecc and omega too if `shape` says so.
    pub(super) fn slopes(&self, shape: OrbitShape) -> PhaseSlopes {
        let OrbitElements { a_rs, impact_parameter: b, ecc, .. } = self.elements;
        let (s, c) = (self.sin_omega, self.cos_omega);
        let minor2 = (1.0 - ecc) * (1.0 + ecc);
        let towards = 1.0 + ecc * s;
        let per_b = towards / (a_rs * minor2);
        let tilt = self.cos_i;
        // inferior conjunction is at f = π/2 − ω
        let (by_true_anomaly, phase_by_ecc) = mean_anomaly_slopes(c, s, ecc);
        PhaseSlopes {
            eccentric: ecc > 0.0 || shape == OrbitShape::Eccentric,
            per_a: 1.0 / a_rs,
            inverse_minor: 1.0 / minor2.sqrt(),
            tilt_by_b: tilt * per_b,
            tilt_by_ecc: tilt * b / a_rs * (s / minor2 + 2.0 * ecc * towards / (minor2 * minor2)),
            tilt_by_omega: tilt * b / a_rs * ecc * c / minor2,
            phase_by_ecc,
            phase_by_omega: -by_true_anomaly,
        }
    }

    /// Days from the nearest inferior conjunction to `time`.
    #[inline]
    pub fn time_from_transit(&self, time: f64) -> f64 {
        let since = time - self.elements.transit_time;
        since - round(since * self.frequency) * self.elements.period
    }

    /// Position on the sky at `time`.
    pub fn sky_position(&self, time: f64) -> SkyPosition {
        self.sky_position_at(self.time_from_transit(time))
    }

    /// Projected distance of the centres in stellar radii while the planet is in front of the star's plane, else none.
    pub fn separation(&self, time: f64) -> Option<f64> {
        let SkyPosition { z, in_front } = self.sky_position(time);
        in_front.then_some(z)
    }

    /// Position on the sky `dt` days from an inferior conjunction.
    #[inline]
    pub fn sky_position_at(&self, dt: f64) -> SkyPosition {
        // the planet's angle in its orbit from inferior conjunction, ψ = f + ω − π/2, and its distance
        let (sin_psi, cos_psi, r) = if self.elements.ecc == 0.0 {
            let (s, c) = (self.mean_motion * dt).sin_cos();
            (s, c, self.elements.a_rs)
        } else {
            let ecc = self.elements.ecc;
            let e_anomaly = eccentric_anomaly(self.mean_anomaly + self.mean_motion * dt, ecc);
            let (sin_f, cos_f, r) = true_anomaly(e_anomaly, ecc);
            let sin_psi = sin_f * self.sin_omega - cos_f * self.cos_omega;
            let cos_psi = sin_f * self.cos_omega + cos_f * self.sin_omega;
            (sin_psi, cos_psi, r * self.elements.a_rs)
        };
        let y = cos_psi * self.cos_i;
        SkyPosition { z: r * (sin_psi * sin_psi + y * y).sqrt(), in_front: cos_psi > 0.0 }
    }

    /// Contact times of a transit by a planet of radius `rp_rs`; none if the discs never overlap.
    ///
    /// Exact on eccentric orbits too: the projected distance is an explicit function of the true anomaly, in which the
    /// crossings are bracketed and solved, and only then turned into times.
    pub fn contacts(&self, rp_rs: f64) -> Option<Contacts> {
        let psi = self.deepest_angle();
        let outer = 1.0 + rp_rs;
        let least = self.at_angle(psi).z2.sqrt();
        if least >= outer {
            return None;
        }
        let time = |angle| self.time_at_angle(angle);
        let before = |z| time(self.crossing(psi, -FRAC_PI_2, z));
        let after = |z| time(self.crossing(psi, FRAC_PI_2, z));
        let inner = (1.0 - rp_rs).abs();
        let full = (least < inner).then(|| (before(inner), after(inner)));
        Some(Contacts { t1: before(outer), full, deepest: time(psi), t4: after(outer) })
    }

    /// First to last contact of a planet of radius `rp_rs` (days); zero if it does not transit.
    pub fn t14(&self, rp_rs: f64) -> f64 {
        self.contacts(rp_rs).map_or(0.0, |c| c.t4 - c.t1)
    }

    /// Second to third contact (days); zero for a grazing transit or none.
    pub fn t23(&self, rp_rs: f64) -> f64 {
        self.contacts(rp_rs).and_then(|c| c.full).map_or(0.0, |(t2, t3)| t3 - t2)
    }

    /// Position and motion at angle `psi` along the orbit from inferior conjunction, f = ψ + π/2 − ω.
    fn at_angle(&self, psi: f64) -> AtAngle {
        let ecc = self.elements.ecc;
        let (s, c) = psi.sin_cos();
        let cos_f = c * self.sin_omega - s * self.cos_omega;
        let sin_f = s * self.sin_omega + c * self.cos_omega;
        let q = 1.0 + ecc * cos_f;
        let r = self.elements.a_rs * (1.0 - ecc) * (1.0 + ecc) / q;
        let y = c * self.cos_i;
        let g = s * s + y * y;
        // r′/r and its derivative
        let (stretch, bend) = (ecc * sin_f / q, ecc * (ecc + cos_f) / (q * q));
        let turn = s * c * self.sin2_i;
        AtAngle {
            r2: r * r,
            z2: r * r * g,
            slope: stretch * g + turn,
            curvature: bend * g + 2.0 * stretch * turn + (c * c - s * s) * self.sin2_i,
        }
    }

    /// Angle of the least projected distance near inferior conjunction; 0 on a circular orbit.
    fn deepest_angle(&self) -> f64 {
        if self.elements.ecc == 0.0 || self.cos_i == 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (-FRAC_PI_2, FRAC_PI_2);
        let mut psi = 0.0;
        for _ in 0..MAX_STEPS {
            let at = self.at_angle(psi);
            if at.slope > 0.0 {
                high = psi
            } else {
                low = psi
            }
            let newton = psi - at.slope / at.curvature;
            let next = if at.curvature > 0.0 && (low..=high).contains(&newton) { newton } else { 0.5 * (low + high) };
            if (next - psi).abs() <= 1e-15 {
                return next;
            }
            psi = next;
        }
        psi
    }

    /// Angle between `inside`, nearer than `z`, and `outside`, where the projected distance is `z`; `outside` itself if
    /// the distance is still below `z` there.
    fn crossing(&self, inside: f64, outside: f64, z: f64) -> f64 {
        if self.at_angle(outside).z2 <= z * z {
            return outside;
        }
        let least = self.at_angle(inside);
        if self.elements.ecc == 0.0 {
            // z² = b² + (a² − b²) sin² ψ
            return ((z * z - least.z2) / (least.r2 * self.sin2_i)).sqrt().min(1.0).asin().copysign(outside);
        }
        let (mut near, mut far) = (inside, outside);
        let step = ((z * z - least.z2) / least.r2).sqrt().min(1.0).asin();
        let mut psi = inside + step.copysign(outside);
        for _ in 0..MAX_STEPS {
            let at = self.at_angle(psi);
            let excess = at.z2 - z * z;
            if excess < 0.0 {
                near = psi
            } else {
                far = psi
            }
            let newton = psi - 0.5 * excess / (at.r2 * at.slope);
            let bracketed = (newton - near) * (newton - far) <= 0.0;
            let next = if bracketed { newton } else { 0.5 * (near + far) };
            if (next - psi).abs() <= 1e-15 * psi.abs().max(1e-2) {
                return next;
            }
            psi = next;
        }
        psi
    }

    /// Days from inferior conjunction at angle `psi` along the orbit.
    fn time_at_angle(&self, psi: f64) -> f64 {
        let f = FRAC_PI_2 - self.elements.omega + psi;
        (mean_anomaly_at_true(f, self.elements.ecc) - self.mean_anomaly) / self.mean_motion
    }
}

/// The planet at an angle along its orbit from inferior conjunction.
struct AtAngle {
    /// Distance from the star, squared.
    r2: f64,
    /// Projected distance, squared.
    z2: f64,
    /// Derivative of `z2` by the angle, over 2 r².
    slope: f64,
    /// Derivative of `slope`, up to a factor that is 1 where `slope` is 0.
    curvature: f64,
}

/// Newton steps with bisections between them; some five are taken.
const MAX_STEPS: usize = 100;

/// Nearest integer of |x| < 2⁵¹, by a shift that rounds: `f64::round` is a library call on the baseline target.
#[inline]
fn round(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0; // 1.5 × 2⁵²
    (x + SHIFT) - SHIFT
}
