//! A posterior that is there, for other priors, other stellar parameters or another model, without sampling it anew.

use super::JointError;
use super::config::JointConfig;
use super::data::JointData;
use super::posterior::JointPosterior;
use super::result::JointFit;
use super::sampling::{DrawsOf, Sampled};
use super::table::JointTable;
use crate::sample::importance::{reliable_shape, smooth_tail};

fn names(table: &JointTable) -> Vec<&str> {
    table.parameters().iter().map(|p| p.name.as_str()).collect()
}

/// The fit of `new`, from draws of the fit of `old` to the same data: each weighs its density by `new` over that by `old`.
///
/// `draws` has one column of equally weighted draws for each name. Both must leave the same parameters free. The status says
/// so where the two posteriors are too far apart for that (Pareto k-hat; Vehtari et al. 2024, JMLR 25, 72), and where few
/// draws are left.
pub fn reweight(
    old: &JointConfig,
    new: &JointConfig,
    data: &JointData,
    draws: &[(String, Vec<f64>)],
) -> Result<JointFit, JointError> {
    let (before, after) = (JointPosterior::new(old, data)?, JointPosterior::new(new, data)?);
    let (had, has) = (names(before.table()), names(after.table()));
    if let Some(name) = has.iter().find(|n| !had.contains(n)).or(had.iter().find(|n| !has.contains(n))) {
        let value = if has.contains(name) { "free" } else { "fixed" };
        let valid = format!("what it was in the fit: reweighting keeps {} parameters free", had.len());
        return Err(JointError::Value { key: name.to_string(), value: value.into(), valid });
    }
    let column = |name: &str| {
        let found = draws.iter().find(|d| d.0 == name);
        found.map(|d| &d.1).ok_or_else(|| JointError::NoData { name: name.into() })
    };
    let columns = has.iter().map(|n| column(n)).collect::<Result<Vec<_>, _>>()?;
    let of_old = had.iter().map(|n| column(n)).collect::<Result<Vec<_>, _>>()?;
    let n = columns.first().map_or(0, |c| c.len());
    let row = |columns: &[&Vec<f64>], i: usize| -> Vec<f64> { columns.iter().map(|c| c[i]).collect() };
    let mut values = Vec::with_capacity(n);
    let (mut logs, mut densities) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let place = row(&columns, i);
        let density = after.ln_posterior(&place);
        logs.push(density - before.ln_posterior(&row(&of_old, i)));
        densities.push(density);
        values.push(place);
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let best = (0..n).max_by(|a, b| densities[*a].total_cmp(&densities[*b])).ok_or(JointError::NoStart)?;
    if !highest.is_finite() {
        return Err(JointError::NoStart);
    }
    let weights: Vec<f64> = logs.iter().map(|l| (l - highest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let effective = sum * sum / weights.iter().map(|w| w * w).sum::<f64>();
    // where all weigh the same there is no tail to speak of
    let pareto_k = if effective > 0.999 * n as f64 { f64::NEG_INFINITY } else { smooth_tail(&mut logs) };
    let limit = reliable_shape(n);
    let least = enough(new, n);
    let shortfall = if pareto_k >= limit || pareto_k.is_nan() {
        Some(format!("the weights have a tail of shape k = {pareto_k:.2}, above {limit:.2}: fit anew"))
    } else if effective < least {
        Some(format!("{effective:.0} effective draws of {n} are left, {least:.0} asked for: fit anew"))
    } else {
        None
    };
    let best = values[best].clone();
    let sampled = Sampled {
        draws: DrawsOf::Weighted { values, weights },
        best,
        method: "reweighted",
        evaluations: 2 * n,
        pareto_k: pareto_k.is_finite().then_some(pareto_k),
        evidence: None,
        acceptance: None,
        shortfall,
    };
    JointFit::new(&after, sampled, new, data)
}

/// Effective draws that are enough: what was asked for, or a quarter of what is there.
fn enough(config: &JointConfig, n: usize) -> f64 {
    config.sampler.min_ess.min(0.25 * n as f64)
}
