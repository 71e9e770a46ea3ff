//! The model flux of one planet at the fit's points.

use super::gathered::Multiplicity;
use super::parameters::{BASELINE, IMPACT_PARAMETER, PERIOD, Q1, Q2, RHO_STAR, RP_RS, SLOPE, TRANSIT_TIME, Values};
use super::{ExposureHandling, FitData};
use crate::star::a_over_rstar;
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape};

/// The planet that `values` describe; `None` where there is none such.
pub(super) fn shape(values: &Values) -> Option<TransitShape> {
    let a_rs = a_over_rstar(values[PERIOD], values[RHO_STAR]);
    let elements = OrbitElements::circular(values[PERIOD], values[TRANSIT_TIME], a_rs, values[IMPACT_PARAMETER]);
    TransitShape::new(Orbit::new(elements).ok()?, values[RP_RS], Quadratic::from_q(values[Q1], values[Q2])).ok()
}

/// Writes the model flux at the points of `data`; false where `values` are impossible. `room` is to work in.
pub(super) fn flux_into(
    data: &FitData,
    handling: ExposureHandling,
    values: &Values,
    room: &mut Vec<f64>,
    out: &mut [f64],
) -> bool {
    let Some(shape) = shape(values) else { return false };
    let (period, transit_time) = (values[PERIOD], values[TRANSIT_TIME]);
    let shift = data.largest_shift(transit_time, period);
    out.fill(1.0);
    for group in &data.groups {
        let exposure = match handling {
            ExposureHandling::Integrate => group.exposure,
            ExposureHandling::Instantaneous => 0.0,
        };
        let reach = 0.5 * (shape.duration() + exposure);
        let (times, out) = (&data.time[group.points.clone()], &mut out[group.points.clone()]);
        if reach > 0.5 * period && data.multiplicity.is_none() {
            // an exposure that sees more than one transit
            shape.subtract_dips(times, exposure, out);
            continue;
        }
        let near = group.distance.partition_point(|distance| *distance < reach + shift);
        room.clear();
        match &data.multiplicity {
            None => room.extend(times[..near].iter().map(|time| since_nearest(time - transit_time, period))),
            Some(Multiplicity { cycle, .. }) => {
                let cycle = &cycle[group.points.clone()][..near];
                let since = times[..near].iter().zip(cycle).map(|(time, cycle)| time - transit_time - cycle * period);
                room.extend(since);
            }
        }
        shape.dips_since_transit(exposure, room);
        out.iter_mut().zip(room.iter()).for_each(|(out, dip)| *out -= dip);
    }
    let (level, slope) = (values[BASELINE], values[SLOPE]);
    if slope != 0.0 {
        for (flux, time) in out.iter_mut().zip(&data.time) {
            *flux *= level + slope * time;
        }
    } else if level != 1.0 {
        out.iter_mut().for_each(|flux| *flux *= level);
    }
    true
}

/// Days from the nearest of the times 0, ±period, …
#[inline]
fn since_nearest(since: f64, period: f64) -> f64 {
    // a library call on the baseline target, `round` would cost more than the rest; this shift rounds as well
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    since - ((since / period + SHIFT) - SHIFT) * period
}
