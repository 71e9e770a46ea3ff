//! Coordinates in which a joint posterior is sampled, and the way from them to the parameters.
//!
//! ```text
//! mid-time   the middle of the transit nearest the middle of the data                   for transit_time
//! ln         ln x                                                                       for periods, jitters, scales
//! duration   ln [√((1 + k)² − b²) √(1 − e²) / ((1 + e sin ω) a/R*)]                      for a/R*, or ρ* of one planet
//! root       k √(I(b)/Ī), nearly the root of the depth                                  for rp_rs
//! power      b^1.25, whose prior is flatter at zero                                     for impact_parameter
//! u1, u2     the coefficients themselves, Jacobian 1                                    for q1, q2
//! contours   the duration and a place on the ellipse that goes with it                      for √e cos ω, √e sin ω of transits alone
//! plain      x less its start, over a scale                                             for all others
//! ```

use super::contours::{of_roots, to_roots};
use super::model::{Eccentricity, Law, Model, Planet, Size};
use super::prior::Prior;
use super::table::{JointTable, Slot};
use crate::sample::Bounds;
use crate::star::{a_over_rstar, density_from_a_over_rstar};
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
}

impl Coordinates {
    /// `middle` is that of the data; `starts` are values to count from.
    pub fn choose(model: &Model, table: &JointTable, middle: f64, starts: &[f64]) -> Self {
        let free = table.parameters();
        let mut kinds: Vec<Kind> = starts.iter().map(|start| Kind::Plain { from: *start }).collect();
        for (kind, parameter) in kinds.iter_mut().zip(free) {
            let last = parameter.name.rsplit('.').next().unwrap_or_default();
            let positive = parameter.prior.support().0 >= 0.0;
            let is_scale =
                matches!(last, "period" | "jitter" | "sigma" | "rho" | "quality" | "nu" | "rho_star" | "a_rs");
            let is_log = matches!(parameter.prior, Prior::LogUniform { .. } | Prior::LogNormal { .. });
            // a scale that may be zero piles up there in its own measure, not in that of its logarithm
            if is_log || (is_scale && positive && parameter.prior.support().0 > 0.0) || last == "period" {
                *kind = Kind::Ln;
            }
        }
        let law = model.instruments.first().map(|i| i.law);
        for instrument in &model.instruments {
            if let Law::Kipping(Slot::Free(first), Slot::Free(second)) = instrument.law
                && first != second
                && matches!((kinds[first], kinds[second]), (Kind::Plain { .. }, Kind::Plain { .. }))
            {
                let whole = |i: usize| free[i].prior == Prior::Uniform { low: 0.0, high: 1.0 };
                if whole(first) && whole(second) {
                    (kinds[first], kinds[second]) = (Kind::U1 { second }, Kind::U2);
                }
            }
        }
        let mut taken = vec![false; free.len()];
        for (p, planet) in model.planets.iter().enumerate() {
            if let Slot::Free(i) = planet.transit_time
                && !taken[i]
            {
                let (period, time) = (planet.period.get(starts), planet.transit_time.get(starts));
                taken[i] = true;
                kinds[i] = Kind::MidTime { planet: p, epoch: ((middle - time) / period).round() };
            }
            let Some(transit) = &planet.transit else { continue };
            if let Slot::Free(i) = transit.impact_parameter
                && !taken[i]
            {
                taken[i] = true;
                kinds[i] = Kind::Power;
            }
            if let (Slot::Free(i), true) = (transit.rp_rs, quadratic(law, starts).is_some())
                && !taken[i]
            {
                taken[i] = true;
                kinds[i] = Kind::Root { planet: p };
            }
            if let Size::ARs(Slot::Free(i)) | Size::RhoStar(Slot::Free(i)) = transit.size
                && !taken[i]
            {
                taken[i] = true;
                if is_wide(&free[i].prior) {
                    kinds[i] = Kind::Duration { planet: p };
                }
            }
            let duration_is_sampled = match transit.size {
                Size::ARs(slot) | Size::RhoStar(slot) => {
                    matches!(slot, Slot::Free(i) if matches!(kinds[i], Kind::Duration { .. }))
                }
            };
            // Velocities know the eccentricity better than a duration does.
            if let (Eccentricity::Roots { cos: Slot::Free(cos), sin: Slot::Free(sin) }, None, false) =
                (planet.eccentricity, planet.rv_semi_amplitude, duration_is_sampled)
                && cos != sin
                && !taken[cos]
                && !taken[sin]
            {
                (taken[cos], taken[sin]) = (true, true);
                (kinds[cos], kinds[sin]) = (Kind::Ellipse { planet: p, sin }, Kind::EllipseDuration);
            }
        }
        let rank = |kind: &Kind| match kind {
            Kind::Root { .. } => 1,
            Kind::Duration { .. } | Kind::Ellipse { .. } => 2,
            Kind::U2 | Kind::EllipseDuration => 3,
            Kind::MidTime { .. } => 4,
            _ => 0,
        };
        let mut order: Vec<usize> = (0..kinds.len()).collect();
        order.sort_by_key(|i| rank(&kinds[*i]));
        Self { kinds, reference: model.reference, order, law }
    }

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
                Kind::Root { planet } => {
                    let gain = self.gain(&model.planets[planet], values);
                    ln_jacobian -= gain.ln();
                    at / gain
                }
                Kind::Duration { planet } => {
                    let planet = &model.planets[planet];
                    let a_rs = path(planet, values)? * (-at).exp();
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
                Kind::Root { planet } => x[i] = value * self.gain(&model.planets[planet], values),
                Kind::Duration { planet } => {
                    let planet = &model.planets[planet];
                    x[i] = (path(planet, values)? / planet.a_rs(values)?).ln();
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

/// √((1 + k)² − b²) √(1 − e²)/(1 + e sin ω): what the duration is in units of P R*/(π a).
fn path(planet: &Planet, values: &[f64]) -> Option<f64> {
    let transit = planet.transit.as_ref()?;
    let (k, b) = (transit.rp_rs.get(values), transit.impact_parameter.get(values));
    let (ecc, omega) = planet.eccentricity.get(values);
    let chord = (1.0 + k - b) * (1.0 + k + b);
    let path = chord.sqrt() * ((1.0 - ecc) * (1.0 + ecc)).sqrt() / (1.0 + ecc * omega.sin());
    (path.is_finite() && path > 0.0).then_some(path)
}

/// ln of √((1 + k)² − b²) R*/a, the duration on a circular orbit in units of P/π.
fn ln_circular_duration(planet: &Planet, values: &[f64]) -> Option<f64> {
    let transit = planet.transit.as_ref()?;
    let (k, b) = (transit.rp_rs.get(values), transit.impact_parameter.get(values));
    let chord = (1.0 + k - b) * (1.0 + k + b);
    let ln = 0.5 * chord.ln() - planet.a_rs(values)?.ln();
    ln.is_finite().then_some(ln)
}

/// Days from conjunction to the middle between first and last contact, which light curves know: to first order in the size of
/// the star over that of the orbit,
///
/// ```text
/// −P/2π · e cos ω (b R*/a)² / (√(1 − e²) (1 + e sin ω))
/// ```
fn middle_after_conjunction(planet: &Planet, values: &[f64]) -> f64 {
    let (ecc, omega) = planet.eccentricity.get(values);
    let (Some(transit), Some(a_rs)) = (&planet.transit, planet.a_rs(values)) else { return 0.0 };
    let b = transit.impact_parameter.get(values);
    let (sin, cos) = omega.sin_cos();
    let shift = ecc * cos * (b / a_rs).powi(2) / (((1.0 - ecc) * (1.0 + ecc)).sqrt() * (1.0 + ecc * sin));
    if shift.is_finite() { -planet.period.get(values) / std::f64::consts::TAU * shift } else { 0.0 }
}

/// Whether data are likely to say more of the duration than the prior does.
fn is_wide(prior: &Prior) -> bool {
    let middle = prior.quantile(0.5).abs();
    prior.width() > 0.2 * middle
}

/// The size of an orbit that makes a transit last `duration`, in the units of its parameter; roughly.
pub(super) fn size_for_duration(planet: &Planet, values: &[f64], duration: f64) -> Option<f64> {
    let period = planet.period.get(values);
    let a_rs = path(planet, values)? * period / (std::f64::consts::PI * duration);
    Some(match planet.transit.as_ref()?.size {
        Size::ARs(_) => a_rs,
        Size::RhoStar(_) => density_from_a_over_rstar(period, a_rs),
    })
}

/// Duration from first to last contact of a planet with this a/R*, roughly.
pub(super) fn rough_duration(planet: &Planet, values: &[f64]) -> Option<f64> {
    let period = planet.period.get(values);
    let a_rs = match planet.transit.as_ref()?.size {
        Size::ARs(slot) => slot.get(values),
        Size::RhoStar(slot) => a_over_rstar(period, slot.get(values)),
    };
    Some(path(planet, values)? * period / (std::f64::consts::PI * a_rs))
}
