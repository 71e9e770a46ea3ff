//! The model flux of one planet at the fit's points.

use super::parameters::{BASELINE, IMPACT_PARAMETER, PERIOD, Q1, Q2, RHO_STAR, RP_RS, SLOPE, TRANSIT_TIME, Values};
use super::profile::{Profile, Quantity, Requests};
use super::{ExposureHandling, FitData};
use crate::star::a_over_rstar;
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape};

/// The orbit that `values` describe; `None` where there is none such.
fn orbit(values: &Values) -> Option<Orbit> {
    let a_rs = a_over_rstar(values[PERIOD], values[RHO_STAR]);
    Orbit::new(OrbitElements::circular(values[PERIOD], values[TRANSIT_TIME], a_rs, values[IMPACT_PARAMETER])).ok()
}

/// The planet that `values` describe; `None` where there is none such.
pub(super) fn shape(values: &Values) -> Option<TransitShape> {
    TransitShape::new(orbit(values)?, values[RP_RS], Quadratic::from_q(values[Q1], values[Q2])).ok()
}

/// Writes the model flux at the points of `data`; false where `values` are impossible. `requests` is room to work in.
pub(super) fn flux_into(
    data: &FitData,
    handling: ExposureHandling,
    values: &Values,
    requests: &mut Requests,
    out: &mut [f64],
) -> bool {
    let Some(orbit) = orbit(values) else { return false };
    let law = Quadratic::from_q(values[Q1], values[Q2]);
    let elements = orbit.elements();
    out.fill(1.0);
    requests.clear();
    if let Some(profile) = Profile::new(elements.period, elements.a_rs, elements.impact_parameter, values[RP_RS], &law)
    {
        for (range, exposure) in &data.exposures {
            let (times, out) = (&data.time[range.clone()], &mut out[range.clone()]);
            let exposure = match handling {
                ExposureHandling::Integrate => *exposure,
                ExposureHandling::Instantaneous => 0.0,
            };
            let reach = profile.half_duration() + 0.5 * exposure;
            if reach > 0.5 * elements.period {
                // an exposure that sees more than one transit
                let Some(shape) = shape(values) else { return false };
                shape.flux_into(times, exposure, out);
            } else if exposure == 0.0 {
                each_in_transit(elements, reach, times, |i, dt| profile.subtract_dip(dt, i, requests));
                profile.answer(Quantity::Dip, requests, out);
            } else {
                let frequency = 1.0 / exposure;
                each_in_transit(elements, reach, times, |i, dt| {
                    profile.subtract_mean_dip(dt, frequency, i, requests, out);
                });
                profile.answer(Quantity::Integral, requests, out);
            }
        }
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

/// Calls `visit` with the index of each time less than `reach` days from a mid-transit, and the days from it.
#[inline]
fn each_in_transit(elements: &OrbitElements, reach: f64, times: &[f64], mut visit: impl FnMut(usize, f64)) {
    let (period, transit_time) = (elements.period, elements.transit_time);
    let frequency = 1.0 / period;
    for (i, &time) in times.iter().enumerate() {
        let since = time - transit_time;
        // a library call on the baseline target, `round` would cost more than the rest; this shift rounds as well
        const SHIFT: f64 = 6_755_399_441_055_744.0;
        let dt = since - ((since * frequency + SHIFT) - SHIFT) * period;
        if dt.abs() < reach {
            visit(i, dt);
        }
    }
}
