//! Whether the first half of the transit differs from the second.
//!
//! The fitted trapezoid is scaled to the data before and after mid-transit; as for odd and even, the difference counts in
//! standard deviations and as a fraction of the depth. After the asymmetry test of Coughlin 2017 (KSCI-19105-002).

use super::curve::Curve;
use super::trapezoid::Trapezoid;
use crate::vet::{Metrics, Missing};

pub(super) fn measure(curve: &Curve, model: Option<&Trapezoid>, metrics: &mut Metrics) {
    let names = ["asymmetry_sigma", "asymmetry_fraction"];
    let Some(model) = model else {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::NoFit));
    };
    // Depth and error on each side; the level is that of the fit.
    let mut sides = [(0.0, 0.0, 0.0, 0.0f64); 2];
    for event in curve.observed() {
        for i in event.near.clone() {
            let t = curve.from_transit[i];
            let side = &mut sides[usize::from(t > model.offset)];
            let shape = model.at(t) / model.depth;
            let (w, y) = (curve.weight[i], curve.dip[i] - model.level);
            side.0 += w * shape * shape;
            side.1 += w * shape * y;
            side.2 += w * y * y;
            side.3 += 1.0;
        }
    }
    if sides.iter().any(|s| s.0 <= 0.0 || s.3 < 3.0) {
        return names.iter().for_each(|name| metrics.set_missing(*name, Missing::TooFewCadences));
    }
    let transits = curve.observed().count() as f64;
    let depth = |s: (f64, f64, f64, f64)| {
        let depth = s.1 / s.0;
        let chi2 = ((s.2 - depth * s.1) / (s.3 - 1.0)).max(1.0);
        // Half a duration averages red noise less than a whole one does.
        (depth, (chi2 / s.0 + 2.0 * curve.red * curve.red / transits).sqrt())
    };
    let (before, after) = (depth(sides[0]), depth(sides[1]));
    let difference = (before.0 - after.0).abs();
    let err = before.1.hypot(after.1);
    metrics.set_with_err("asymmetry_sigma", difference / err, 1.0);
    metrics.set_with_err("asymmetry_fraction", difference / model.depth.abs(), err / model.depth.abs());
}
