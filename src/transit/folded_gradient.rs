//! Derivatives of a function of a whole light curve by the elements of a transit, for samplers that follow a gradient: cheap
//! where points are means over exposures, at an error of a per cent or so, which only makes their steps a little less good.
//!
//! Σᵢ wᵢ ∂fluxᵢ/∂θ is an integral over the time from mid-transit of the instantaneous derivative, weighted by the sum of the
//! weights of all exposures that reach there, from whichever transit. So the weights are added up on cells between the
//! contacts, and the derivatives evaluated once a cell, not at many nodes an exposure.

use super::dips::InstantGradients;
use super::light_curve::TransitShape;
use super::light_curve_gradient::DipGradients;
use super::orbit::{Contacts, OrbitShape};
use super::surface::with_surface;
use super::track::ELEMENTS;
use super::visits::Visits;

/// Cells between two contacts, or a contact and the deepest point.
const CELLS: usize = 32;
const STRETCHES: usize = 4;
/// Exposures shorter than this share of the ingress are taken for instants.
const INSTANT: f64 = 0.1;

/// Room for [`TransitShape::weighted_flux_gradient`], kept from call to call.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoldedGradient {
    instant: DipGradients,
    dt: Vec<f64>,
    dip: Vec<f64>,
    columns: Vec<Vec<f64>>,
}

/// Weights on cells: what covers a cell in part is in `parts`, what covers it whole in differences from the cell before.
struct Weights {
    parts: [f64; CELLS * STRETCHES + 1],
    steps: [f64; CELLS * STRETCHES + 2],
}

impl Weights {
    fn new() -> Self {
        Self { parts: [0.0; CELLS * STRETCHES + 1], steps: [0.0; CELLS * STRETCHES + 2] }
    }

    /// Adds `weight` between two places counted in cells.
    fn add(&mut self, from: f64, to: f64, weight: f64) {
        let (first, last) = (from as usize, to as usize);
        if first == last {
            self.parts[first] += weight * (to - from);
            return;
        }
        self.parts[first] += weight * ((first + 1) as f64 - from);
        self.parts[last] += weight * (to - last as f64);
        self.steps[first + 1] += weight;
        self.steps[last] -= weight;
    }

    /// The sum in each cell, times its width.
    fn sums<'a>(&'a self, grid: &'a Grid) -> impl Iterator<Item = f64> + 'a {
        let mut whole = 0.0;
        (0..CELLS * STRETCHES).map(move |i| {
            whole += self.steps[i];
            (whole + self.parts[i]) * grid.widths[i / CELLS]
        })
    }
}

/// Cells from first to last contact.
struct Grid {
    edges: [f64; STRETCHES + 1],
    widths: [f64; STRETCHES],
}

impl Grid {
    fn new(contacts: &Contacts) -> Self {
        let (t2, t3) = contacts.full.unwrap_or((contacts.deepest, contacts.deepest));
        let edges = [contacts.t1, t2, contacts.deepest, t3, contacts.t4];
        Self { edges, widths: std::array::from_fn(|i| (edges[i + 1] - edges[i]) / CELLS as f64) }
    }

    /// Where a time is, counted in cells.
    fn place(&self, t: f64) -> f64 {
        let stretch = self.edges[1..STRETCHES].iter().filter(|edge| t >= **edge).count();
        let width = self.widths[stretch];
        let within = if width > 0.0 { ((t - self.edges[stretch]) / width).clamp(0.0, CELLS as f64) } else { 0.0 };
        (stretch * CELLS) as f64 + within
    }

    fn centres(&self) -> impl Iterator<Item = f64> + '_ {
        let centre = |i: usize| self.edges[i / CELLS] + ((i % CELLS) as f64 + 0.5) * self.widths[i / CELLS];
        (0..CELLS * STRETCHES).map(centre)
    }
}

impl TransitShape {
    /// Σ weightᵢ ∂fluxᵢ/∂θ for each of [`GRADIENT_COLUMNS`](super::GRADIENT_COLUMNS) and each coefficient of the law; `times` and
    /// `exposure_time` as for [`flux_into`](Self::flux_into).
    pub(crate) fn weighted_flux_gradient(
        &self,
        times: &[f64],
        exposure_time: f64,
        orbit_shape: OrbitShape,
        weights: &[f64],
        room: &mut FoldedGradient,
    ) -> Vec<f64> {
        let n_columns = ELEMENTS + 1 + self.limb_darkening().coefficient_names().len();
        let Some(contacts) = self.contacts() else { return vec![0.0; n_columns] };
        let ingress = contacts.full.map_or(contacts.deepest, |full| full.0) - contacts.t1;
        if exposure_time < INSTANT * ingress {
            self.dip_gradients_into(times, 0.0, orbit_shape, &mut room.instant);
            return room.instant.weighted_flux_sums(weights);
        }
        let (window, _) = self.window(&contacts, exposure_time);
        let visits = Visits::find(times, self.orbit(), window, &[]);
        if visits.len() == 0 {
            return vec![0.0; n_columns];
        }
        let grid = Grid::new(&contacts);
        let (mut plain, mut by_epoch) = (Weights::new(), Weights::new());
        let (half, per_time) = (0.5 * exposure_time, 1.0 / exposure_time);
        let mut rows = Vec::with_capacity(visits.len());
        visits.for_each(|i, _| rows.push(i));
        visits.for_each_epoch(|epoch, range| {
            for (i, dt) in rows[range.clone()].iter().zip(&visits.dt[range]) {
                let (from, to) = (grid.place(dt - half), grid.place(dt + half));
                let weight = weights[*i] * per_time;
                plain.add(from, to, weight);
                by_epoch.add(from, to, weight * epoch);
            }
        });
        let cells = CELLS * STRETCHES;
        room.dt.clear();
        room.dt.extend(grid.centres());
        room.dip.resize(cells, 0.0);
        room.columns.resize(n_columns, Vec::new());
        room.columns.iter_mut().for_each(|column| column.resize(cells, 0.0));
        let work = InstantGradients {
            orbit: self.orbit(),
            slopes: self.orbit().slopes(orbit_shape),
            dt: &room.dt,
            epoch: &[0.0; CELLS * STRETCHES],
            dip: &mut room.dip,
            columns: &mut room.columns,
        };
        with_surface(self.rp_rs(), &self.limb_darkening(), work);
        // dips are what is missing from the flux
        let sum = |column: &[f64], weights: &Weights| -> f64 {
            -column.iter().zip(weights.sums(&grid)).map(|(d, w)| d * w).sum::<f64>()
        };
        let mut out: Vec<f64> = room.columns.iter().map(|column| sum(column, &plain)).collect();
        // the transit of number n is n periods after the first
        out[1] += sum(&room.columns[0], &by_epoch);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transit::{Orbit, OrbitElements, Quadratic};

    #[test]
    fn agrees_with_derivatives_of_every_point() {
        for (k, b, exposure) in
            [(0.1, 0.3, 0.02), (0.03, 0.7, 0.0007), (0.1, 0.95, 0.02), (0.05, 0.2, 0.001), (0.2, 1.1, 0.01)]
        {
            for ecc in [0.0, 0.3] {
                let elements = OrbitElements { ecc, omega: 0.8, ..OrbitElements::from_density(3.4, 1.7, 0.9, b) };
                let shape =
                    TransitShape::new(Orbit::new(elements).unwrap(), k, Quadratic { u1: 0.3, u2: 0.2 }).unwrap();
                let times: Vec<f64> = (0..20_000).map(|i| 0.0013 * f64::from(i)).collect();
                // as residuals are: a slow wave and something uneven
                let weights: Vec<f64> =
                    times.iter().enumerate().map(|(i, t)| 1.0 + (9.0 * t).sin() + 0.1 * (i % 7) as f64).collect();
                let mut exact = DipGradients::default();
                let kind = if ecc > 0.0 { OrbitShape::Eccentric } else { OrbitShape::CircularIfZero };
                shape.dip_gradients_into(&times, exposure, kind, &mut exact);
                let wanted = exact.weighted_flux_sums(&weights);
                let found =
                    shape.weighted_flux_gradient(&times, exposure, kind, &weights, &mut FoldedGradient::default());
                for (i, (w, f)) in wanted.iter().zip(&found).enumerate() {
                    // what the sum would be if nothing cancelled
                    let scale: f64 =
                        exact.index.iter().zip(&exact.columns[i]).map(|(j, d)| (weights[*j] * d).abs()).sum();
                    assert!((w - f).abs() <= 0.01 * scale, "k {k} b {b} ecc {ecc}, column {i}: {w} {f}, {scale}");
                }
            }
        }
    }
}
