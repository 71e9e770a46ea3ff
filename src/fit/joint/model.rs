//! The model of a joint fit: which parameters every planet, light curve and velocity series takes, and what they predict.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::config::{Likelihood, LimbDarkeningLaw};
use super::data::Series;
use super::table::Slot;
use crate::star::a_over_rstar;
use crate::transit::kepler::{eccentric_anomalies_into, mean_anomaly_at_true, true_anomaly};
use crate::transit::{
    LimbDarkening, Orbit, OrbitElements, PhaseCurve, Quadratic, SortedTimes, SystemModel, SystemPlanet, TransitShape,
};

/// What sizes an orbit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    /// Density of the star, shared by all planets that have no a/R* of their own.
    RhoStar(Slot),
    ARs(Slot),
}

/// How eccentricity and argument of periastron are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Eccentricity {
    Circular,
    Direct {
        ecc: Slot,
        omega: Slot,
    },
    /// √e cos ω, √e sin ω
    Roots {
        cos: Slot,
        sin: Slot,
    },
}

impl Eccentricity {
    pub fn slots(self) -> Vec<Slot> {
        match self {
            Self::Circular => Vec::new(),
            Self::Direct { ecc: first, omega: second } | Self::Roots { cos: first, sin: second } => vec![first, second],
        }
    }

    /// e and ω; e may be impossible.
    pub fn get(self, values: &[f64]) -> (f64, f64) {
        match self {
            Self::Circular => (0.0, FRAC_PI_2),
            Self::Direct { ecc, omega } => (ecc.get(values), omega.get(values)),
            Self::Roots { cos, sin } => {
                let (c, s) = (cos.get(values), sin.get(values));
                (c * c + s * s, s.atan2(c))
            }
        }
    }
}

/// Slots of one planet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Planet {
    pub name: String,
    pub period: Slot,
    pub transit_time: Slot,
    /// Radius ratio, impact parameter and size of the orbit, if it transits.
    pub transit: Option<Transit>,
    pub eccentricity: Eccentricity,
    pub rv_semi_amplitude: Option<Slot>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transit {
    pub rp_rs: Slot,
    pub impact_parameter: Slot,
    pub size: Size,
    pub transit_times: Vec<Slot>,
    /// day, night, beaming, ellipsoidal
    pub phase_curve: Option<[Slot; 4]>,
}

impl Planet {
    pub fn a_rs(&self, values: &[f64]) -> Option<f64> {
        Some(match self.transit.as_ref()?.size {
            Size::RhoStar(rho) => a_over_rstar(self.period.get(values), rho.get(values)),
            Size::ARs(a_rs) => a_rs.get(values),
        })
    }

    /// The orbit, its transit time from `reference`; `None` where there is none such.
    pub fn orbit(&self, values: &[f64], reference: f64) -> Option<Orbit> {
        let transit = self.transit.as_ref()?;
        let (ecc, omega) = self.eccentricity.get(values);
        Orbit::new(OrbitElements {
            period: self.period.get(values),
            transit_time: self.transit_time.get(values) - reference,
            a_rs: self.a_rs(values)?,
            impact_parameter: transit.impact_parameter.get(values),
            ecc,
            omega,
        })
        .ok()
    }

    /// What a light curve depends on.
    pub fn light_slots(&self) -> Vec<Slot> {
        let Some(transit) = &self.transit else { return Vec::new() };
        let (Size::RhoStar(size) | Size::ARs(size)) = transit.size;
        let mut slots = vec![self.period, self.transit_time, transit.rp_rs, transit.impact_parameter, size];
        slots.extend(self.eccentricity.slots());
        slots.extend(&transit.transit_times);
        slots.extend(transit.phase_curve.into_iter().flatten());
        slots
    }

    /// Adds the star's velocity to `out`; false where there is no such orbit.
    pub fn add_velocity(&self, values: &[f64], reference: f64, time: &[f64], out: &mut [f64]) -> bool {
        let Some(slot) = self.rv_semi_amplitude else { return true };
        let (period, transit_time) = (self.period.get(values), self.transit_time.get(values) - reference);
        let (ecc, omega) = self.eccentricity.get(values);
        if !(period > 0.0 && (0.0..1.0).contains(&ecc)) {
            return false;
        }
        let k = slot.get(values);
        let phase = |t: &f64| {
            let turns = (t - transit_time) / period;
            TAU * (turns - turns.round())
        };
        if ecc == 0.0 {
            // the star recedes before its planet transits
            out.iter_mut().zip(time).for_each(|(out, t)| *out -= k * phase(t).sin());
            return true;
        }
        let at_transit = mean_anomaly_at_true(FRAC_PI_2 - omega, ecc);
        let mean: Vec<f64> = time.iter().map(|t| at_transit + phase(t)).collect();
        let mut eccentric = vec![0.0; time.len()];
        eccentric_anomalies_into(&mean, ecc, &mut eccentric);
        let (sin_w, cos_w) = omega.sin_cos();
        for (out, anomaly) in out.iter_mut().zip(eccentric) {
            let (sin_f, cos_f, _) = true_anomaly(anomaly, ecc);
            *out += k * (cos_f * cos_w - sin_f * sin_w + ecc * cos_w);
        }
        true
    }
}

/// Coefficients of a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Law {
    /// A quadratic law by q1, q2.
    Kipping(Slot, Slot),
    Coefficients(LimbDarkeningLaw, [Slot; 4]),
}

impl Law {
    pub fn slots(self) -> Vec<Slot> {
        match self {
            Self::Kipping(q1, q2) => vec![q1, q2],
            Self::Coefficients(_, slots) => slots.to_vec(),
        }
    }

    /// The law; `None` where its coefficients are none of a quadratic law's q1, q2.
    pub fn get(self, values: &[f64]) -> Option<LimbDarkening> {
        Some(match self {
            Self::Kipping(q1, q2) => {
                let (q1, q2) = (q1.get(values), q2.get(values));
                if !((0.0..=1.0).contains(&q1) && (0.0..=1.0).contains(&q2)) {
                    return None;
                }
                Quadratic::from_q(q1, q2).into()
            }
            Self::Coefficients(law, slots) => {
                let c = slots.map(|s| s.get(values));
                match law {
                    LimbDarkeningLaw::Uniform => LimbDarkening::Uniform,
                    LimbDarkeningLaw::Linear => LimbDarkening::Linear { u: c[0] },
                    LimbDarkeningLaw::Quadratic => Quadratic { u1: c[0], u2: c[1] }.into(),
                    LimbDarkeningLaw::SquareRoot => LimbDarkening::SquareRoot { u1: c[0], u2: c[1] },
                    LimbDarkeningLaw::Logarithmic => LimbDarkening::Logarithmic { u1: c[0], u2: c[1] },
                    LimbDarkeningLaw::Power2 => LimbDarkening::Power2 { c: c[0], alpha: c[1] },
                    LimbDarkeningLaw::Nonlinear => LimbDarkening::Nonlinear { c },
                }
            }
        })
    }
}

/// Slots of the noise of one series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Noise {
    pub jitter: Slot,
    pub process: Option<Process>,
    pub likelihood: Likelihood,
    pub nu: Slot,
    /// Standard deviation of the prior of each coefficient of the linear model.
    pub column_sigma: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Process {
    Sho { sigma: Slot, period: Slot, quality: Slot },
    Rotation { sigma: Slot, period: Slot, quality: Slot },
    Matern32 { sigma: Slot, rho: Slot },
}

/// Slots of one light curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instrument {
    pub name: String,
    pub law: Law,
    /// Days.
    pub exposure_time: f64,
    pub third_light: Slot,
    pub baseline: Slot,
    pub slope: Slot,
    pub noise: Noise,
}

impl Instrument {
    /// Writes the flux at `time` (days from `reference`) to `out`; false where `values` are impossible.
    pub fn flux_into(&self, planets: &[Planet], values: &[f64], reference: f64, time: &[f64], out: &mut [f64]) -> bool {
        let Some(law) = self.law.get(values) else { return false };
        let mut system = SystemModel { planets: Vec::new(), third_light: 0.0 };
        out.fill(1.0);
        for planet in planets {
            let Some(transit) = &planet.transit else { continue };
            let Some(orbit) = planet.orbit(values, reference) else { return false };
            let Ok(shape) = TransitShape::new(orbit, transit.rp_rs.get(values), law) else { return false };
            let own_times: Vec<f64> = transit.transit_times.iter().map(|t| t.get(values) - reference).collect();
            if let Some(phase_curve) = transit.phase_curve {
                let [day, night, beaming, ellipsoidal] = phase_curve.map(|s| s.get(values));
                let light = PhaseCurve { day, night, beaming, ellipsoidal };
                let Ok(planet) = SystemPlanet::with_light(shape, light, 0.0) else { return false };
                system.planets.push(if own_times.is_empty() { planet } else { planet.at_times(own_times) });
            } else if !own_times.is_empty() {
                shape.subtract_dips_at(&own_times, time, self.exposure_time, out);
            } else if let Some(sorted) = SortedTimes::new(time) {
                shape.subtract_dips_sorted(sorted, self.exposure_time, out);
            }
        }
        if !system.planets.is_empty() {
            let mut with_light = vec![1.0; time.len()];
            system.flux_into(time, self.exposure_time, &mut with_light);
            out.iter_mut().zip(with_light).for_each(|(o, w)| *o += w - 1.0);
        }
        let share = 1.0 - self.third_light.get(values);
        let (level, slope) = (self.baseline.get(values), self.slope.get(values));
        if share != 1.0 {
            out.iter_mut().for_each(|flux| *flux = 1.0 + share * (*flux - 1.0));
        }
        if slope != 0.0 {
            let middle = middle(time);
            for (flux, t) in out.iter_mut().zip(time) {
                *flux *= level + slope * (t - middle);
            }
        } else if level != 1.0 {
            out.iter_mut().for_each(|flux| *flux *= level);
        }
        true
    }
}

/// Where slopes count from.
pub(super) fn middle(time: &[f64]) -> f64 {
    match (time.first(), time.last()) {
        (Some(first), Some(last)) => 0.5 * (first + last),
        _ => 0.0,
    }
}

/// Slots of one series of velocities.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VelocityModel {
    pub name: String,
    pub offset: Slot,
    pub trend: Slot,
    pub curvature: Slot,
    pub noise: Noise,
}

impl VelocityModel {
    /// Writes the velocity at `time` (days from `reference`) to `out`, trends counting from `middle`.
    pub fn velocity_into(
        &self,
        planets: &[Planet],
        values: &[f64],
        (reference, middle): (f64, f64),
        time: &[f64],
        out: &mut [f64],
    ) -> bool {
        let (offset, trend, curvature) = (self.offset.get(values), self.trend.get(values), self.curvature.get(values));
        for (out, t) in out.iter_mut().zip(time) {
            let dt = t - middle;
            *out = offset + dt * (trend + dt * curvature);
        }
        planets.iter().all(|p| p.add_velocity(values, reference, time, out))
    }
}

/// Everything but the data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub planets: Vec<Planet>,
    pub instruments: Vec<Instrument>,
    pub velocities: Vec<VelocityModel>,
    /// Times count from here inside.
    pub reference: f64,
    /// Middle of all velocities, from `reference`.
    pub velocity_middle: f64,
}

/// A series with times from the reference.
pub(super) struct Points {
    pub time: Vec<f64>,
    pub value: Vec<f64>,
    pub variance: Vec<f64>,
    pub columns: Vec<Vec<f64>>,
}

impl Points {
    pub fn new(series: &Series, reference: f64) -> Self {
        Self {
            time: series.time().iter().map(|t| t - reference).collect(),
            value: series.value().to_vec(),
            variance: series.error().iter().map(|e| e * e).collect(),
            columns: series.columns().to_vec(),
        }
    }
}
