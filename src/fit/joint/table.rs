//! The one table of a joint fit's parameters: full names, units, priors, and where each value comes from.

use std::collections::BTreeMap;

use super::JointError;
use super::specification::ParameterSpec;
use crate::fit::prior::Prior;

/// Where the model finds a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    Fixed(f64),
    /// Index among the free parameters.
    Free(usize),
}

impl Slot {
    /// The value, `values` being those of the free parameters.
    #[inline]
    pub fn get(self, values: &[f64]) -> f64 {
        match self {
            Self::Fixed(value) => value,
            Self::Free(i) => values[i],
        }
    }
}

/// What a quantity can be at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    low: f64,
    high: f64,
    words: &'static str,
}

pub(super) const ANY: Limits = Limits { low: f64::NEG_INFINITY, high: f64::INFINITY, words: "any finite number" };
pub(super) const POSITIVE: Limits =
    Limits { low: f64::MIN_POSITIVE, high: f64::INFINITY, words: "a number above 0, and a prior over such numbers" };
pub(super) const NON_NEGATIVE: Limits =
    Limits { low: 0.0, high: f64::INFINITY, words: "a number of at least 0, and a prior over such numbers" };
pub(super) const SHARE: Limits =
    Limits { low: 0.0, high: 1.0, words: "a number from 0 to 1, and a prior over such numbers" };
pub(super) const SIGNED_SHARE: Limits =
    Limits { low: -1.0, high: 1.0, words: "a number from -1 to 1, and a prior over such numbers" };
pub(super) const ECCENTRICITY: Limits =
    Limits { low: 0.0, high: 0.999, words: "a number from 0 to 0.999, and a prior over such numbers" };

/// A free parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct JointParameter {
    /// Path in the configuration, and name of the column.
    pub name: String,
    /// Empty for a plain number.
    pub unit: &'static str,
    pub description: &'static str,
    pub prior: Prior,
    /// Value to start from.
    pub start: Option<f64>,
    /// For an impact parameter whose prior is uniform from 0 to 1 + rp_rs, the place of rp_rs.
    pub(super) reaches_limb_of: Option<Slot>,
    pub(super) limits: Limits,
}

impl JointParameter {
    /// Log prior density at `values[i]`, this parameter being the `i`-th; −∞ where it is impossible.
    pub(super) fn ln_prior(&self, i: usize, values: &[f64]) -> f64 {
        let x = values[i];
        if !(x >= self.limits.low && x <= self.limits.high) {
            return f64::NEG_INFINITY;
        }
        match self.reaches_limb_of {
            Some(rp_rs) => {
                let reach = 1.0 + rp_rs.get(values);
                if x < reach { -reach.ln() } else { f64::NEG_INFINITY }
            }
            None => self.prior.ln_density(x),
        }
    }

    /// Adds the derivatives of [`ln_prior`](Self::ln_prior), where it is finite, by each parameter to `out`.
    pub(super) fn add_ln_prior_slope(&self, i: usize, values: &[f64], out: &mut [f64]) {
        match self.reaches_limb_of {
            Some(Slot::Free(rp_rs)) => out[rp_rs] -= 1.0 / (1.0 + values[rp_rs]),
            Some(Slot::Fixed(_)) => {}
            None => out[i] += self.prior.ln_density_slope(values[i]),
        }
    }

    /// Value below which a share `p` of the prior lies, the parameters before this one having their values.
    pub(super) fn quantile(&self, p: f64, values: &[f64]) -> f64 {
        match self.reaches_limb_of {
            Some(rp_rs) => p * (1.0 + rp_rs.get(values)),
            None => self.prior.quantile(p),
        }
    }
}

/// Free parameters in order, and the slot of every parameter there is.
#[derive(Clone, Debug, PartialEq)]
pub struct JointTable {
    pub(super) free: Vec<JointParameter>,
    slots: BTreeMap<String, Slot>,
    /// What each parameter was given as, defaults filled in.
    specs: BTreeMap<String, ParameterSpec>,
}

impl JointTable {
    /// The free parameters, in the order of the columns.
    pub fn parameters(&self) -> &[JointParameter] {
        &self.free
    }

    /// Where the parameter of this full name has its value.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    /// Every parameter as it was given, or by default is.
    pub fn specs(&self) -> &BTreeMap<String, ParameterSpec> {
        &self.specs
    }
}

struct Declared {
    name: String,
    unit: &'static str,
    description: &'static str,
    limits: Limits,
    spec: ParameterSpec,
    reaches_limb_of: Option<String>,
}

/// Collects parameters, then resolves who shares with whom.
#[derive(Default)]
pub(super) struct TableBuilder {
    declared: Vec<Declared>,
}

impl TableBuilder {
    pub fn declare(
        &mut self,
        name: String,
        (unit, description): (&'static str, &'static str),
        limits: Limits,
        spec: ParameterSpec,
    ) {
        self.declared.push(Declared { name, unit, description, limits, spec, reaches_limb_of: None });
    }

    /// An impact parameter, uniform from 0 to 1 + `rp_rs` (a full name) where `spec` is none.
    pub fn declare_impact_parameter(&mut self, name: String, spec: Option<ParameterSpec>, rp_rs: String) {
        let reaches_limb_of = spec.is_none().then_some(rp_rs);
        // the widest there is; the prior proper depends on rp_rs
        let spec = spec.unwrap_or(ParameterSpec::Free { prior: Prior::Uniform { low: 0.0, high: 2.0 }, start: None });
        let (unit, description) = ("", "projected distance of the centres at mid-transit in stellar radii");
        self.declared.push(Declared { name, unit, description, limits: NON_NEGATIVE, spec, reaches_limb_of });
    }

    pub fn build(self) -> Result<JointTable, JointError> {
        let mut free: Vec<JointParameter> = Vec::new();
        let mut slots = BTreeMap::new();
        for d in &self.declared {
            let (low, high) = (d.limits.low, d.limits.high);
            let refuse = |value: String| JointError::Value { key: d.name.clone(), value, valid: d.limits.words.into() };
            match &d.spec {
                ParameterSpec::Fixed(value) => {
                    if !(*value >= low && *value <= high) {
                        return Err(refuse(value.to_string()));
                    }
                    slots.insert(d.name.clone(), Slot::Fixed(*value));
                }
                ParameterSpec::Free { prior, start } => {
                    let (from, to) = prior.support();
                    // an infinite tail beyond a limit is cut off; a finite bound beyond it is a mistake
                    let beyond = (from.is_finite() && from < low && !(from == 0.0 && low > 0.0 && low < 1e-300))
                        || (to.is_finite() && to > high && d.reaches_limb_of.is_none());
                    if beyond {
                        let (name, numbers) = prior.form();
                        return Err(refuse(format!("{name} = {numbers:?}")));
                    }
                    slots.insert(d.name.clone(), Slot::Free(free.len()));
                    free.push(JointParameter {
                        name: d.name.clone(),
                        unit: d.unit,
                        description: d.description,
                        prior: *prior,
                        start: *start,
                        reaches_limb_of: None,
                        limits: d.limits,
                    });
                }
                ParameterSpec::Shared(_) => {}
            }
        }
        let known: BTreeMap<&str, &ParameterSpec> = self.declared.iter().map(|d| (d.name.as_str(), &d.spec)).collect();
        for d in &self.declared {
            let ParameterSpec::Shared(first) = &d.spec else { continue };
            let mut target = first.as_str();
            let mut steps = 0;
            while let Some(ParameterSpec::Shared(next)) = known.get(target) {
                target = next;
                steps += 1;
                if steps > self.declared.len() {
                    let valid = "a parameter that is not shared in a circle".to_string();
                    return Err(JointError::Value { key: d.name.clone(), value: format!("@{first}"), valid });
                }
            }
            let Some(slot) = slots.get(target).copied() else {
                let last = d.name.rsplit('.').next().unwrap_or_default();
                let mut names: Vec<&str> = known.keys().copied().filter(|n| n.ends_with(last)).collect();
                if names.len() < 2 {
                    names = known.keys().copied().collect();
                }
                let valid = format!("the full name of a parameter, such as {}", names.join(", "));
                return Err(JointError::Value { key: d.name.clone(), value: format!("@{target}"), valid });
            };
            slots.insert(d.name.clone(), slot);
        }
        for d in &self.declared {
            if let (Some(rp_rs), Some(Slot::Free(i))) = (&d.reaches_limb_of, slots.get(&d.name)) {
                free[*i].reaches_limb_of = slots.get(rp_rs).copied();
            }
        }
        if free.is_empty() {
            return Err(JointError::NothingFree);
        }
        let specs = self.declared.into_iter().map(|d| (d.name, d.spec)).collect();
        Ok(JointTable { free, slots, specs })
    }
}
