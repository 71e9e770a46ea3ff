//! Whether the true period is half of the candidate's: a dip at phase one half like the transit.
//!
//! ```text
//! half_phase_ratio = depth at phase ½ / depth of the transit
//! half_phase_sigma = significance of the difference of the two, under red noise
//! ```
//!
//! That the true period is twice the candidate's shows in `odd_even_ratio`. After the Robovetter's half-period test
//! (Thompson et al. 2018, ApJS 235, 38, A.4.1.2).

use super::uniqueness::Uniqueness;
use crate::vet::{Metrics, Missing};

pub(super) fn measure(found: Option<&Uniqueness>, metrics: &mut Metrics) {
    let both = found.and_then(|f| Some((f, f.half?)));
    let Some((found, half)) = both else {
        for name in ["half_phase_ratio", "half_phase_sigma", "half_phase_significance"] {
            metrics.set_missing(name, if found.is_some() { Missing::NoRoom } else { Missing::NoFit });
        }
        return;
    };
    let primary = found.primary;
    let f_red = found.f_red.max(1.0);
    let err = |depth: f64, significance: f64| (depth / significance).abs() * f_red;
    let both = err(primary.depth, primary.significance).hypot(err(half.depth, half.significance));
    metrics.set_with_err("half_phase_ratio", half.depth / primary.depth, both / primary.depth);
    metrics.set_with_err("half_phase_sigma", (primary.depth - half.depth).abs() / both, 1.0);
    metrics.set_with_err("half_phase_significance", half.significance / f_red, 1.0);
}
