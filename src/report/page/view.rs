//! What several panels of a page need, computed once.

use std::borrow::Cow;

use super::{PageData, PageFit};
use crate::ephemeris::Ephemeris;
use crate::math::point_to_point_sigma;
use crate::report::thin::{Bin, binned};
use crate::star::density_from_a_over_rstar;
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape};
use crate::vet::model_shift::{ModelShift, model_shift};

/// Half-width, in durations, of what is left out around transits of unrelated candidates.
const LEFT_OUT_DURATIONS: f64 = 0.75;

/// Shape of the dip that is drawn over the data.
enum Dip {
    /// As fitted, mid-transit at time 0, with the flux out of transit.
    Fitted(Box<TransitShape>, f64),
    /// A trapezoid of the depth and duration that the search found.
    Trapezoid { depth: f64, duration: f64, ingress: f64 },
}

pub(super) struct View<'a> {
    pub data: &'a PageData<'a>,
    /// As fitted, else as searched.
    pub ephemeris: Ephemeris,
    pub duration: f64,
    pub depth: f64,
    /// Detrended, without the transits of unrelated candidates.
    pub time: Vec<f64>,
    pub flux: Vec<f64>,
    pub flux_err: Vec<f64>,
    /// Days from the nearest transit.
    pub phase: Vec<f64>,
    /// Scatter from cadence to cadence.
    pub sigma: f64,
    pub exposure: f64,
    /// At every time.
    pub model: Vec<f64>,
    pub shift: Option<Cow<'a, ModelShift>>,
    dip: Dip,
    /// Which cells of phase hold cadences.
    occupied: Vec<bool>,
}

impl<'a> View<'a> {
    pub fn new(data: &'a PageData<'a>) -> Self {
        let candidate = data.candidate;
        let fitted = data.fit.and_then(fitted_model);
        let mut ephemeris = candidate.ephemeris;
        if let (Some(fit), Some(_)) = (data.fit, &fitted)
            && let (Some(period), Some(transit_time)) = (fit.median("period"), fit.median("transit_time"))
        {
            ephemeris = Ephemeris { period, transit_time };
        }
        let (duration, depth, dip) = match fitted {
            Some((shape, level)) => (shape.duration(), shape.depth(), Dip::Fitted(Box::new(shape), level)),
            None => {
                let (duration, depth) = (candidate.duration, candidate.depth);
                let k = depth.max(0.0).sqrt();
                (duration, depth, Dip::Trapezoid { depth, duration, ingress: duration * k / (1.0 + k) })
            }
        };
        // a grazing fit may leave no duration
        let duration = if duration > 0.0 && duration < ephemeris.period { duration } else { 0.1 * ephemeris.period };
        let flat = data.detrended;
        let is_other =
            |t: f64| data.left_out.iter().any(|o| o.ephemeris.in_transit(t, LEFT_OUT_DURATIONS * o.duration));
        let used: Vec<usize> = (0..flat.len()).filter(|i| !is_other(flat.time()[*i])).collect();
        // a candidate that others cover whole is shown as it is
        let used = if used.len() < 2 { (0..flat.len()).collect() } else { used };
        let pick = |from: &[f64]| used.iter().map(|i| from[*i]).collect::<Vec<f64>>();
        let (time, flux, flux_err) = (pick(flat.time()), pick(flat.flux()), pick(flat.flux_err()));
        let phase: Vec<f64> = time.iter().map(|t| ephemeris.time_from_transit(*t)).collect();
        let cells = (ephemeris.period / duration).clamp(8.0, 1000.0) as usize;
        let mut occupied = vec![false; cells];
        phase.iter().for_each(|p| occupied[Self::cell(p / ephemeris.period, cells)] = true);
        let exposure = flat.exposure_time().first().copied().filter(|e| e.is_finite()).unwrap_or(0.0);
        let mut view = Self {
            data,
            ephemeris,
            duration,
            depth,
            sigma: point_to_point_sigma(flat.flux()),
            exposure,
            model: Vec::new(),
            shift: data.model_shift.map(Cow::Borrowed),
            time,
            flux,
            flux_err,
            phase,
            dip,
            occupied,
        };
        view.model = view.model_at_cadences();
        if view.shift.is_none() {
            view.shift = model_shift(&view.time, &view.flux, &view.model, ephemeris).ok().map(Cow::Owned);
        }
        view
    }

    /// What to add to a time to get BJD_TDB, and what a time axis is called.
    pub fn time_name(&self) -> &'static str {
        match self.data.detrended.time_system().offset() {
            Some(2_457_000.0) => "BTJD",
            Some(2_454_833.0) => "BKJD",
            Some(0.0) => "BJD",
            _ => "Time",
        }
    }

    /// The model at ascending days from mid-transit.
    pub fn model_at(&self, phases: &[f64]) -> Vec<f64> {
        match &self.dip {
            Dip::Fitted(shape, level) => {
                let mut out = vec![1.0; phases.len()];
                shape.flux_into(phases, self.exposure, &mut out);
                out.iter_mut().for_each(|f| *f *= level);
                out
            }
            Dip::Trapezoid { depth, duration, ingress } => phases
                .iter()
                .map(|t| 1.0 - depth * ((0.5 * duration - t.abs()) / ingress.max(1e-9)).clamp(0.0, 1.0))
                .collect(),
        }
    }

    /// The model at every cadence: only those near a transit cost time.
    fn model_at_cadences(&self) -> Vec<f64> {
        let reach = 0.5 * self.duration + self.exposure;
        let mut near: Vec<(f64, usize)> =
            self.phase.iter().enumerate().filter(|(_, p)| p.abs() <= reach).map(|(i, p)| (*p, i)).collect();
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let phases: Vec<f64> = near.iter().map(|n| n.0).collect();
        let level = self.model_at(&[0.5 * self.ephemeris.period])[0];
        let mut out = vec![level; self.phase.len()];
        for ((_, i), value) in near.iter().zip(self.model_at(&phases)) {
            out[*i] = value;
        }
        out
    }

    /// Means of `width` days of all points within `half` days of `centre` (days from transit).
    pub fn bins(&self, centre: f64, half: f64, width: f64) -> Vec<Bin> {
        binned(self.around(centre, half).map(|(i, p)| (p, self.flux[i], self.flux_err[i])), 0.0, width)
    }

    /// Whether there are data within half a duration of a phase (periods): elsewhere Model-Shift has nothing to go by.
    pub fn has_data(&self, phase: f64) -> bool {
        self.occupied[Self::cell(phase, self.occupied.len())]
    }

    fn cell(phase: f64, cells: usize) -> usize {
        ((phase.rem_euclid(1.0) * cells as f64) as usize).min(cells - 1)
    }

    /// Cadences within `half` days of `centre`, as indices and days from there.
    pub fn around(&self, centre: f64, half: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let period = self.ephemeris.period;
        self.phase.iter().enumerate().filter_map(move |(i, p)| {
            let from = p - centre;
            let from = from - (from / period).round_ties_even() * period;
            (from.abs() <= half).then_some((i, from))
        })
    }
}

/// The fitted dip with mid-transit at time 0, and the flux out of transit.
fn fitted_model(fit: &PageFit) -> Option<(TransitShape, f64)> {
    let get = |name| fit.median(name);
    let period = get("period")?;
    let impact_parameter = get("impact_parameter")?;
    let a_rs = get("a_rs")?;
    let elements = OrbitElements::from_density(period, 0.0, density_from_a_over_rstar(period, a_rs), impact_parameter);
    let law = Quadratic::from_q(get("q1")?, get("q2")?);
    let shape = TransitShape::new(Orbit::new(elements).ok()?, get("rp_rs")?, law).ok()?;
    (shape.depth() > 0.0).then(|| (shape, get("baseline").unwrap_or(1.0)))
}
