//! Which coordinate stands for which parameter.

use super::{Coordinates, Kind, Limits, quadratic};
use crate::fit::joint::model::{Eccentricity, Law, Model, Size};
use crate::fit::joint::table::{JointTable, Slot};
use crate::fit::prior::Prior;

impl Coordinates {
    /// `middle` is that of the data; `starts` are values to count from.
    pub fn choose(model: &Model, table: &JointTable, middle: f64, starts: &[f64], limits: Limits) -> Self {
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
                && limits == Limits::Shared
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
                match (limits, free[i].reaches_limb_of) {
                    (Limits::Shared, _) => kinds[i] = Kind::Power,
                    (Limits::Own, Some(rp_rs)) => kinds[i] = Kind::Share { rp_rs },
                    (Limits::Own, None) => {}
                }
            }
            if let (Slot::Free(i), true) = (transit.rp_rs, quadratic(law, starts).is_some())
                && !taken[i]
            {
                taken[i] = true;
                if limits == Limits::Shared {
                    kinds[i] = Kind::Root { planet: p };
                }
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
            Kind::Share { .. } => 2,
            Kind::Duration { .. } | Kind::Ellipse { .. } => 3,
            Kind::U2 | Kind::EllipseDuration => 4,
            Kind::MidTime { .. } => 5,
            _ => 0,
        };
        let mut order: Vec<usize> = (0..kinds.len()).collect();
        order.sort_by_key(|i| rank(&kinds[*i]));
        let mut coupled = vec![false; kinds.len()];
        let of_planets = model.planets.iter().flat_map(|p| [vec![p.period], p.light_slots()].concat());
        for slot in of_planets.chain(law.into_iter().flat_map(Law::slots)) {
            if let Slot::Free(i) = slot {
                coupled[i] = true;
            }
        }
        Self { kinds, reference: model.reference, order, law, coupled }
    }
}

/// Whether data are likely to say more of the duration than the prior does.
fn is_wide(prior: &Prior) -> bool {
    let middle = prior.quantile(0.5).abs();
    prior.width() > 0.2 * middle
}
