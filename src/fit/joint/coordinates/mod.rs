//! Coordinates in which a joint posterior is sampled, and the way from them to the parameters.
//!
//! ```text
//! mid-time   the middle of the transit nearest the middle of the data                   for transit_time
//! ln         ln x                                                                       for periods, jitters, scales
//! duration   ln [√((1 + k)² − b²) √(1 − e²) / ((1 + e sin ω) √(a² − b'²))]                for a/R*, or ρ* of one planet; b' = a cos i
//! root       k √(I(b)/Ī), nearly the root of the depth                                  for rp_rs
//! power      b^1.25, whose prior is flatter at zero                                     for impact_parameter
//! u1, u2     the coefficients themselves, Jacobian 1                                    for q1, q2
//! share      b / (1 + k)                                   for impact_parameter that ends there, in smooth coordinates
//! contours   the duration and a place on the ellipse that goes with it                      for √e cos ω, √e sin ω of transits alone
//! plain      x less its start                                                            for all others
//!
//! Samplers that follow gradients need limits that do not depend on other coordinates: for them q1, q2, k and b are sampled
//! plainly, logarithmically or by their share.
//! ```

mod choose;
mod contours;
mod duration;

use contours::{of_roots, to_roots};
use duration::{least_a_rs, ln_circular_duration, middle_after_conjunction, path};
pub(super) use duration::{rough_duration, size_for_duration};

use super::model::{Law, Model, Planet, Size};
use super::table::{JointTable, Slot};
use crate::sample::Bounds;
use crate::star::density_from_a_over_rstar;
use crate::transit::Quadratic;

/// Power of the impact parameter.
const POWER: f64 = 1.25;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain {
        from: f64,
    },
    Ln,
    /// Transits of planet `planet` to count forward from `transit_time`.
    MidTime {
        planet: usize,
        epoch: f64,
    },
    Duration {
        planet: usize,
    },
    Root {
        planet: usize,
    },
    Power,
    /// Of an impact parameter, of what keeps a planet of this radius ratio before the star.
    Share {
        rp_rs: Slot,
    },
    /// First of a pair; the second is at `second`.
    U1 {
        second: usize,
    },
    U2,
    /// Of √e cos ω: the place on the ellipse; √e sin ω is at `sin`.
    Ellipse {
        planet: usize,
        sin: usize,
    },
    /// Of √e sin ω: the logarithm of the duration in units of P/π, nearly.
    EllipseDuration,
}

/// How each free parameter is sampled.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Coordinates {
    kinds: Vec<Kind>,
    reference: f64,
    /// Planets' durations, whose parameters depend on all others, last.
    order: Vec<usize>,
    /// Limb darkening that turns radius ratios into depths.
    law: Option<Law>,
    /// Parameters that the coordinates of others depend on.
    coupled: Vec<bool>,
}

/// Whether limits of a coordinate may depend on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limits {
    Shared,
    Own,
}

impl Coordinates {
    /// Values of the parameters at `x`, and ln |∂values/∂x|; `None` where there are none.
    pub fn to_values(&self, model: &Model, x: &[f64], values: &mut Vec<f64>) -> Option<f64> {
        values.clear();
        values.resize(x.len(), 0.0);
        let mut ln_jacobian = 0.0;
        for &i in &self.order {
            let at = x[i];
            values[i] = match self.kinds[i] {
                Kind::Plain { from } => from + at,
                Kind::Ln => {
                    ln_jacobian += at;
                    at.exp()
                }
                Kind::MidTime { planet, epoch } => {
                    let planet = &model.planets[planet];
                    at + self.reference - middle_after_conjunction(planet, values) - epoch * planet.period.get(values)
                }
                Kind::Power => {
                    if at < 0.0 {
                        return None;
                    }
                    let b = at.powf(1.0 / POWER);
                    // db/dx = b/(p x), x = b^p
                    ln_jacobian -= (POWER * b.powf(POWER - 1.0)).ln();
                    b
                }
                Kind::U1 { second } => {
                    let law = Quadratic { u1: at, u2: x[second] };
                    let (q1, q2) = law.to_q();
                    if !(law.u1 + law.u2 > 0.0 && (0.0..=1.0).contains(&q1) && (0.0..=1.0).contains(&q2)) {
                        return None;
                    }
                    values[second] = q2;
                    q1
                }
                Kind::U2 | Kind::EllipseDuration => values[i],
                Kind::Ellipse { planet, sin } => {
                    let circular = ln_circular_duration(&model.planets[planet], values)?;
                    let (roots, ln_determinant) = to_roots([x[sin] - circular, at])?;
                    ln_jacobian += ln_determinant;
                    values[sin] = roots[1];
                    roots[0]
                }
                Kind::Share { rp_rs } => {
                    let reach = 1.0 + rp_rs.get(values);
                    ln_jacobian += reach.ln();
                    at * reach
                }
                Kind::Root { planet } => {
                    let gain = self.gain(&model.planets[planet], values);
                    ln_jacobian -= gain.ln();
                    at / gain
                }
                Kind::Duration { planet } => {
                    let planet = &model.planets[planet];
                    let across = path(planet, values)? * (-at).exp();
                    let a_rs = across.hypot(least_a_rs(planet, values)?);
                    ln_jacobian += 2.0 * (across / a_rs).ln();
                    let period = planet.period.get(values);
                    match planet.transit.as_ref()?.size {
                        Size::ARs(_) => {
                            ln_jacobian += a_rs.ln();
                            a_rs
                        }
                        Size::RhoStar(_) => {
                            let rho = density_from_a_over_rstar(period, a_rs);
                            ln_jacobian += (3.0 * rho).ln();
                            rho
                        }
                    }
                }
            };
        }
        (ln_jacobian.is_finite() && values.iter().all(|v| v.is_finite())).then_some(ln_jacobian)
    }

    /// From the derivatives of a function by the values of the parameters, `values` being those at `x`, to those of the function
    /// plus ln |∂values/∂x| by the coordinates. Where coordinates depend on each other, by central differences of the map,
    /// which costs little beside a likelihood.
    pub fn pull_back(&self, model: &Model, x: &[f64], values: &[f64], by_value: &[f64], out: &mut [f64]) {
        const STEP: f64 = 1e-5;
        let mut x = x.to_vec();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for i in 0..x.len() {
            out[i] = match self.kinds[i] {
                Kind::MidTime { .. } => by_value[i],
                Kind::Plain { .. } if !self.coupled[i] => by_value[i],
                Kind::Ln if !self.coupled[i] => by_value[i] * values[i] + 1.0,
                _ => {
                    let here = x[i];
                    let mut at = |place: f64, room: &mut Vec<f64>| {
                        x[i] = place;
                        self.to_values(model, &x, room)
                    };
                    let (mut high, mut low) = (here + STEP, here - STEP);
                    let mut ends = (at(high, &mut up), at(low, &mut down));
                    if ends.0.is_none() {
                        high = here;
                        ends.0 = at(high, &mut up);
                    }
                    if ends.1.is_none() {
                        low = here;
                        ends.1 = at(low, &mut down);
                    }
                    x[i] = here;
                    let (Some(a), Some(b)) = ends else { continue };
                    let change: f64 = by_value.iter().zip(&up).zip(&down).map(|((by, u), d)| by * (u - d)).sum();
                    (change + a - b) / (high - low)
                }
            };
        }
    }

    /// The inverse; `None` at the edge of what is possible.
    pub fn of_values(&self, model: &Model, values: &[f64]) -> Option<Vec<f64>> {
        let mut x = values.to_vec();
        for (i, kind) in self.kinds.iter().enumerate() {
            let value = values[i];
            match *kind {
                Kind::Plain { from } => x[i] = value - from,
                Kind::Ln => x[i] = value.ln(),
                Kind::MidTime { planet, epoch } => {
                    let planet = &model.planets[planet];
                    let middle = value + middle_after_conjunction(planet, values);
                    x[i] = middle - self.reference + epoch * planet.period.get(values);
                }
                Kind::Power => x[i] = value.powf(POWER),
                Kind::U1 { second } => {
                    let law = Quadratic::from_q(value, values[second]);
                    (x[i], x[second]) = (law.u1, law.u2);
                }
                Kind::U2 | Kind::EllipseDuration => {}
                Kind::Ellipse { planet, sin } => {
                    let circular = ln_circular_duration(&model.planets[planet], values)?;
                    let q = of_roots([value, values[sin]])?;
                    (x[i], x[sin]) = (q[1], q[0] + circular);
                }
                Kind::Share { rp_rs } => x[i] = value / (1.0 + rp_rs.get(values)),
                Kind::Root { planet } => x[i] = value * self.gain(&model.planets[planet], values),
                Kind::Duration { planet } => {
                    let planet = &model.planets[planet];
                    let (a_rs, least) = (planet.a_rs(values)?, least_a_rs(planet, values)?);
                    x[i] = (path(planet, values)? / ((a_rs - least) * (a_rs + least)).sqrt()).ln();
                }
            }
        }
        x.iter().all(|v| v.is_finite()).then_some(x)
    }

    /// Hard limits of a coordinate, from the prior of its parameter.
    pub fn bounds(&self, table: &JointTable, i: usize) -> Bounds {
        let parameter = &table.parameters()[i];
        let (low, high) = parameter.prior.support();
        match self.kinds[i] {
            Kind::Plain { from } => Bounds { lower: low - from, upper: high - from },
            Kind::Ln => Bounds { lower: low.max(0.0).ln(), upper: high.ln() },
            Kind::Power => Bounds { lower: low.max(0.0).powf(POWER), upper: high.powf(POWER) },
            Kind::Share { .. } => Bounds { lower: 0.0, upper: 1.0 },
            Kind::Root { .. } => Bounds { lower: 0.0, upper: f64::INFINITY },
            Kind::MidTime { .. }
            | Kind::Duration { .. }
            | Kind::U1 { .. }
            | Kind::U2
            | Kind::Ellipse { .. }
            | Kind::EllipseDuration => Bounds::FREE,
        }
    }

    /// √(I(b)/Ī): what the root of the depth is in units of the radius ratio. Only the coordinates depend on it, so it
    /// need not be right near the limb.
    fn gain(&self, planet: &Planet, values: &[f64]) -> f64 {
        let (Some(law), Some(transit)) = (quadratic(self.law, values), &planet.transit) else { return 1.0 };
        let b = transit.impact_parameter.get(values).min(0.95);
        let gain = (law.intensity((1.0 - b * b).sqrt()) / law.mean_intensity()).sqrt();
        if gain.is_finite() { gain.max(0.1) } else { 1.0 }
    }
}

fn quadratic(law: Option<Law>, values: &[f64]) -> Option<Quadratic> {
    Some(law?.get(values)?.as_quadratic())
}
