//! The metrics of one candidate, one file a test, all from the same arrangement of its light curve.
//!
//! ```text
//! curve       cadences by transit, white and red noise      folded      fine bins of phase
//! trapezoid   the shape that fits best
//! significance  individual  single_event  uniqueness  secondary  alias  odd_even  asymmetry  shape  duration
//! consistency  outliers  sinusoid  model_comparison  gaps  centroid  bootstrap: the tests
//! catalogue   what every metric is
//! ```

mod alias;
mod asymmetry;
mod bootstrap;
mod catalogue;
mod centroid;
mod consistency;
mod curve;
mod duration;
mod folded;
mod gaps;
mod individual;
mod model_comparison;
mod odd_even;
mod outliers;
mod secondary;
mod shape;
mod significance;
mod single_event;
mod sinusoid;
#[cfg(test)]
mod tests;
mod trapezoid;
mod uniqueness;

use super::{Metrics, VetError, VetInput};
pub use catalogue::{METRICS, MetricInfo, RELATIONS};
use curve::Curve;
use folded::FoldedCurve;
use trapezoid::Trapezoid;

/// Measures everything that the tests of profiles need. Names, formulae and sources are in the files of this module.
///
/// Fails where the candidate's period or duration is not positive, or no cadence is in transit.
pub fn measure(input: &VetInput) -> Result<Metrics, VetError> {
    let curve = Curve::new(input)?;
    let period = curve.ephemeris.period;
    let folded = FoldedCurve::new(&curve);
    let model = Trapezoid::fit(&folded, curve.duration, curve.exposure).filter(|m| m.depth > 0.0);
    let model = model.as_ref();
    let found = model.and_then(|m| uniqueness::find(&folded, m));
    let found = found.as_ref();
    let length = model.map_or(curve.duration, |m| m.duration);
    let mut metrics = Metrics::default();
    let m = &mut metrics;
    significance::measure(&curve, m);
    let good = individual::measure(&curve, model, m);
    single_event::measure(&curve, m);
    outliers::measure(&curve, m);
    uniqueness::measure(found, length, period, m);
    secondary::measure(found, model, period, input.star, m);
    alias::measure(found, m);
    odd_even::measure(&curve, model, m);
    asymmetry::measure(&curve, model, m);
    shape::measure(model, input.star, m);
    duration::measure(model, period, input.star, m);
    consistency::measure(&curve, &good, m);
    sinusoid::measure(&curve, m);
    model_comparison::measure(&folded, model, m);
    gaps::measure(&curve, input.flagged_times, m);
    centroid::measure(&curve, m);
    bootstrap::measure(&curve, input.seed, m);
    Ok(metrics)
}
