//! The one table of a fit's parameters: names, units, priors, and the coordinates in which they are sampled.

use super::prior::Prior;
use super::{Baseline, FitConfig, FitData, FitError};
use crate::ephemeris::Candidate;
use crate::math::median;
use crate::star::{Star, density_from_a_over_rstar};

/// Places of the parameters in a vector of values or coordinates; the baseline's parameters come last.
pub(super) const TRANSIT_TIME: usize = 0;
pub(super) const PERIOD: usize = 1;
pub(super) const RHO_STAR: usize = 2;
pub(super) const IMPACT_PARAMETER: usize = 3;
pub(super) const RP_RS: usize = 4;
pub(super) const Q1: usize = 5;
pub(super) const Q2: usize = 6;
pub(super) const JITTER: usize = 7;
pub(super) const BASELINE: usize = 8;
pub(super) const SLOPE: usize = 9;
pub(super) const MAX_PARAMETERS: usize = 10;

/// Natural values of all parameters; those that are not sampled have their fixed values.
pub(super) type Values = [f64; MAX_PARAMETERS];

/// Name, unit and description of a quantity that a fit reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    pub name: &'static str,
    pub unit: &'static str,
    pub description: &'static str,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name of the parameter and of its column.
    pub name: &'static str,
    /// Unit; empty for a plain number.
    pub unit: &'static str,
    pub description: &'static str,
    pub prior: Prior,
}

/// Names, units and descriptions in the order of the indices above.
const NAMES: [(&str, &str, &str); MAX_PARAMETERS] = [
    ("transit_time", "d", "mid-time of the transit nearest to the middle of the data"),
    ("period", "d", "orbital period"),
    ("rho_star", "solar", "mean density of the star, for a circular orbit"),
    ("impact_parameter", "", "projected distance of the centres at mid-transit in stellar radii"),
    ("rp_rs", "", "radius of the planet over that of the star"),
    ("q1", "", "limb darkening, (u1 + u2)^2"),
    ("q2", "", "limb darkening, u1 / (2 (u1 + u2))"),
    ("jitter", "", "noise added in quadrature to the flux errors, relative flux"),
    ("baseline", "", "flux out of transit, relative"),
    ("baseline_slope", "1/d", "change of the flux out of transit with time"),
];

/// All parameters that a fit can sample.
pub(super) fn all() -> impl Iterator<Item = Quantity> {
    NAMES.into_iter().map(|(name, unit, description)| Quantity { name, unit, description })
}

/// The parameters that are sampled, with their priors.
///
/// | parameter | default prior |
/// |---|---|
/// | `transit_time` | uniform within one duration of the candidate's |
/// | `period` | log-uniform; over half of the data it may drift by one duration, and by no more than 5 % |
/// | `rho_star` | log-normal about the star's density where that is known, wider for unknown eccentricity, else log-uniform from 10⁻³ to 300 solar |
/// | `impact_parameter` | uniform from 0 to 1 + rp_rs, grazing transits included |
/// | `rp_rs` | uniform from 0 to 0.5 |
/// | `q1`, `q2` | uniform from 0 to 1: all positive, outwards falling intensities alike (Kipping 2013, MNRAS 435, 2152) |
/// | `jitter` | log-uniform from 1/100 of the median flux error to 10 times that or the scatter, whichever is larger |
/// | `baseline` | uniform within 0.1 of 1 |
/// | `baseline_slope` | uniform within 0.1 per day |
///
/// The posterior is a density over the coordinates, in this order,
///
/// ```text
/// days from the reference transit, ln period, ln(√((1 + k)² − b²) R*/a), b, k, q1, q2, ln jitter, baseline, slope
/// ```
/// the third of which is, but for a small angle, the logarithm of the duration. For fixed k, b and period it differs from
/// −⅓ ln ρ by a constant, so the determinant of the transformation is constant: a uniform density there is one
/// that is uniform in ln ρ.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterTable {
    parameters: Vec<Parameter>,
    reference_time: f64,
    reference_period: f64,
    grazing_bound: bool,
}

impl ParameterTable {
    /// The table for `data`, with the default priors and those of `config` in their place.
    pub fn new(data: &FitData, candidate: &Candidate, star: &Star, config: &FitConfig) -> Result<Self, FitError> {
        let sampled = match config.baseline {
            Baseline::Fixed => BASELINE,
            Baseline::Constant => SLOPE,
            Baseline::Linear => MAX_PARAMETERS,
        };
        if let Some(name) = config.priors.keys().find(|name| !NAMES[..sampled].iter().any(|n| n.0 == name.as_str())) {
            let known = NAMES[..sampled].iter().map(|n| n.0).collect::<Vec<_>>().join(", ");
            return Err(FitError::UnknownParameter { name: name.clone(), known });
        }
        let mut parameters = Vec::with_capacity(sampled);
        for (i, (name, unit, description)) in NAMES.into_iter().enumerate().take(sampled) {
            let prior = match config.priors.get(name) {
                Some(prior) => *prior,
                None => default_prior(i, data, candidate, star, config),
            };
            let (low, high) = prior.support();
            let possible = match i {
                Q1 | Q2 => low >= 0.0 && high <= 1.0,
                IMPACT_PARAMETER | RP_RS => low >= 0.0,
                _ => true,
            };
            if !prior.is_valid() || !possible {
                return Err(FitError::Prior { name, prior });
            }
            parameters.push(Parameter { name, unit, description, prior });
        }
        Ok(Self {
            parameters,
            reference_time: data.reference_time,
            reference_period: data.ephemeris.period,
            grazing_bound: !config.priors.contains_key(NAMES[IMPACT_PARAMETER].0),
        })
    }

    /// The sampled parameters, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Natural values at the coordinates `x`. The transit time counts from the reference time.
    pub(super) fn values(&self, x: &[f64]) -> Values {
        let mut out = [0.0; MAX_PARAMETERS];
        out[BASELINE] = 1.0;
        out[..x.len()].copy_from_slice(x);
        out[PERIOD] = self.reference_period * x[PERIOD].exp();
        out[JITTER] = x[JITTER].exp();
        let (k, b) = (x[RP_RS], x[IMPACT_PARAMETER]);
        // NaN beyond the grazing limit, where no duration exists; the prior turns it away
        let a_rs = ((1.0 + k - b) * (1.0 + k + b)).sqrt() * (-x[RHO_STAR]).exp();
        out[RHO_STAR] = density_from_a_over_rstar(out[PERIOD], a_rs);
        out
    }

    /// Log prior density over the coordinates at `values`, but for a constant; −∞ where impossible.
    pub(super) fn ln_prior(&self, values: &Values) -> f64 {
        let (k, b) = (values[RP_RS], values[IMPACT_PARAMETER]);
        if !(k >= 0.0 && b >= 0.0 && b < 1.0 + k && values[RHO_STAR].is_finite()) {
            return f64::NEG_INFINITY;
        }
        let mut sum = 0.0;
        for (i, parameter) in self.parameters.iter().enumerate() {
            sum += match i {
                TRANSIT_TIME => parameter.prior.ln_density(values[i] + self.reference_time),
                IMPACT_PARAMETER if self.grazing_bound => -(1.0 + k).ln(),
                // dx / d ln x = x
                PERIOD | RHO_STAR | JITTER => parameter.prior.ln_density(values[i]) + values[i].ln(),
                _ => parameter.prior.ln_density(values[i]),
            };
        }
        sum
    }

    /// For each parameter whose prior pulls, the standard deviations by which `values` are off.
    pub(super) fn pulls<'a>(&'a self, values: &'a Values) -> impl Iterator<Item = f64> + 'a {
        self.parameters.iter().enumerate().filter_map(move |(i, p)| {
            p.prior.pull(if i == TRANSIT_TIME { values[i] + self.reference_time } else { values[i] })
        })
    }

    /// The value in the result tables: that of `values`, the transit time in the light curve's own time.
    pub(super) fn reported(&self, values: &Values, i: usize) -> f64 {
        if i == TRANSIT_TIME { values[i] + self.reference_time } else { values[i] }
    }
}

fn default_prior(i: usize, data: &FitData, candidate: &Candidate, star: &Star, config: &FitConfig) -> Prior {
    let duration = candidate.duration;
    match i {
        TRANSIT_TIME => Prior::Uniform { low: data.reference_time - duration, high: data.reference_time + duration },
        PERIOD => {
            let period = data.ephemeris.period;
            let cycles = data.epochs.0.unsigned_abs().max(data.epochs.1.unsigned_abs()).max(1);
            let width = (duration / (period * cycles as f64)).min(0.05);
            Prior::LogUniform { low: period * (1.0 - width), high: period * (1.0 + width) }
        }
        RHO_STAR => match star.density() {
            Some(rho) if rho.value > 0.0 && rho.value.is_finite() => {
                let relative = rho.err / rho.value;
                let known = if relative.is_finite() && relative > 0.0 { relative } else { 0.0 };
                let known = known.max(config.rho_star_min_relative_err);
                let orbit = config.rho_star_eccentricity_sigma;
                // a negative setting makes a prior that is refused
                let sigma = if orbit >= 0.0 { known.hypot(orbit) } else { orbit };
                Prior::LogNormal { median: rho.value, sigma }
            }
            _ => Prior::LogUniform { low: 1e-3, high: 300.0 },
        },
        // the bound that counts is 1 + k, in `ln_prior`
        IMPACT_PARAMETER => Prior::Uniform { low: 0.0, high: 1.5 },
        RP_RS => Prior::Uniform { low: 0.0, high: 0.5 },
        Q1 | Q2 => Prior::Uniform { low: 0.0, high: 1.0 },
        JITTER => {
            let err = median(&data.flux_err);
            let scatter = crate::math::mad_sigma(&data.flux);
            Prior::LogUniform { low: 0.01 * err, high: 10.0 * if scatter > err { scatter } else { err } }
        }
        BASELINE => Prior::Uniform { low: 0.9, high: 1.1 },
        _ => Prior::Uniform { low: -0.1, high: 0.1 },
    }
}
