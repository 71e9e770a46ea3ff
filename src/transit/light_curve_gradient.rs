//! Derivatives of a light curve by the elements of the orbit, the planet's size and the limb-darkening coefficients.

use super::dips::{Distances, InstantGradients};
use super::exposure::mean_nodes;
use super::gradient_series::with_surface_of_many;
use super::light_curve::TransitShape;
use super::orbit::OrbitShape;
use super::simd::dispatch;
use super::track::ELEMENTS;
use super::visits::Visits;

/// Names of the columns of [`DipGradients`], in their order; the law's coefficients follow.
pub const GRADIENT_COLUMNS: [&str; ELEMENTS + 1] =
    ["transit_time", "period", "a_rs", "impact_parameter", "ecc", "omega", "rp_rs"];

/// Dips and their derivatives at the points that transits touch; elsewhere both are zero.
///
/// Buffers are kept from call to call.
#[derive(Clone, Debug, Default)]
pub struct DipGradients {
    /// Position in the light curve of each row. Where one point sees several transits, its rows add up.
    pub index: Vec<usize>,
    /// One less the flux.
    pub dip: Vec<f64>,
    /// Derivatives of the dip: a column for each of [`GRADIENT_COLUMNS`] and for each coefficient of the law.
    pub columns: Vec<Vec<f64>>,
    epoch: Vec<f64>,
}

impl DipGradients {
    /// Σ weightᵢ ∂fluxᵢ/∂θ for each column, `weights` being one a point of the light curve: with the derivative of a log
    /// likelihood by each flux, its gradient.
    pub fn weighted_flux_sums(&self, weights: &[f64]) -> Vec<f64> {
        let sum = |column: &Vec<f64>| -> f64 { self.index.iter().zip(column).map(|(i, d)| -weights[*i] * d).sum() };
        self.columns.iter().map(sum).collect()
    }

    /// Derivatives of the flux by the parameter of `column` as a series of `len` points.
    pub fn dense_flux_column(&self, column: usize, len: usize) -> Vec<f64> {
        let mut out = vec![0.0; len];
        self.index.iter().zip(&self.columns[column]).for_each(|(i, d)| out[*i] -= d);
        out
    }

    fn resize(&mut self, visits: &Visits, columns: usize) {
        self.index.clear();
        visits.for_each(|i, _| self.index.push(i));
        self.epoch.clear();
        visits.for_each_epoch(|epoch, range| self.epoch.resize(range.end, epoch));
        self.dip.resize(visits.len(), 0.0);
        self.columns.resize(columns, Vec::new());
        self.columns.iter_mut().for_each(|column| column.resize(visits.len(), 0.0));
    }
}

impl TransitShape {
    /// Dips at `times`, as [`flux_into`](Self::flux_into), and their derivatives, into `out`.
    ///
    /// With [`OrbitShape::CircularIfZero`] the columns of ecc and omega of a circular orbit are zero. Derivatives by
    /// `impact_parameter` hold the other elements, and so on; the inclination follows. At contacts of a disc without
    /// darkening at its limb, where derivatives jump, they are one-sided. Means over exposures are Gauss–Legendre
    /// integrals split at the contacts, of dips to 1e-8. Panics if `exposure_time` is not a number of at least zero.
    pub fn dip_gradients_into(
        &self,
        times: &[f64],
        exposure_time: f64,
        orbit_shape: OrbitShape,
        out: &mut DipGradients,
    ) {
        assert!(exposure_time >= 0.0 && exposure_time.is_finite(), "exposure_time is {exposure_time}");
        let columns = ELEMENTS + 1 + self.limb_darkening().coefficient_names().len();
        let Some(contacts) = self.contacts() else {
            out.resize(&Visits::default(), columns);
            return;
        };
        let (window, cuts) = self.window(&contacts, exposure_time);
        let visits = Visits::find(times, self.orbit(), window, &cuts);
        out.resize(&visits, columns);
        if exposure_time == 0.0 {
            self.instant_gradients(&visits.dt, orbit_shape, out);
            return;
        }
        let mut nodes = DipGradients { columns: vec![Vec::new(); columns], ..DipGradients::default() };
        let (mut node_dt, mut weights) = (Vec::new(), Vec::new());
        let half = 0.5 * exposure_time;
        for (i, (dt, epoch)) in visits.dt.iter().zip(&out.epoch).enumerate() {
            mean_nodes(&contacts, dt - half, dt + half, self.rp_rs(), |t, weight| {
                node_dt.push(t);
                weights.push(weight);
                nodes.index.push(i);
                nodes.epoch.push(*epoch);
            });
        }
        nodes.dip.resize(node_dt.len(), 0.0);
        nodes.columns.iter_mut().for_each(|column| column.resize(node_dt.len(), 0.0));
        self.instant_gradients(&node_dt, orbit_shape, &mut nodes);
        let means = std::iter::once(&mut out.dip).chain(&mut out.columns);
        for (mean, values) in means.zip(std::iter::once(&nodes.dip).chain(&nodes.columns)) {
            mean.fill(0.0);
            for ((i, weight), value) in nodes.index.iter().zip(&weights).zip(values) {
                mean[*i] += weight * value;
            }
        }
    }

    fn instant_gradients(&self, dt: &[f64], orbit_shape: OrbitShape, out: &mut DipGradients) {
        let work = InstantGradients {
            orbit: self.orbit(),
            slopes: self.orbit().slopes(orbit_shape),
            dt,
            epoch: &out.epoch,
            dip: &mut out.dip,
            columns: &mut out.columns,
        };
        let samples = |step| {
            let mut at: Vec<f64> = dt.iter().step_by(step).copied().collect();
            dispatch(Distances { orbit: self.orbit(), at: &mut at });
            at
        };
        with_surface_of_many(self.rp_rs(), &self.limb_darkening(), dt.len(), samples, work);
    }
}
