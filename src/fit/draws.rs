//! Draws from a posterior, weighted or in chains, and those of them that are stored.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Draws from the posterior, equally weighted; one column a quantity, sampled ones first, then derived ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    pub names: Vec<String>,
    /// Walker of each draw; 0 for draws that had weights, which are independent.
    pub chain: Vec<u32>,
    /// Number of each draw in its walker's chain, burn-in not counted.
    pub draw: Vec<u32>,
    pub ln_posterior: Vec<f64>,
    /// One vector a name, as long as `draw`.
    pub columns: Vec<Vec<f64>>,
}

/// How draws hang together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Structure {
    Weighted(Vec<f64>),
    /// Draws of a chain one after the other, all chains of this length, dealt into groups for R-hat.
    Chains {
        length: usize,
        groups: usize,
    },
}

/// A draw that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    /// Which of all draws.
    pub row: usize,
    pub chain: u32,
    pub draw: u32,
}

/// `wanted` of `rows` draws: by systematic resampling of weighted ones, evenly spaced from chains.
pub(super) fn pick(structure: &Structure, rows: usize, wanted: usize, seed: u64) -> Vec<Picked> {
    match structure {
        Structure::Chains { length, .. } => {
            let wanted = wanted.min(rows);
            let rows = (0..wanted).map(|i| i * rows / wanted);
            rows.map(|row| Picked { row, chain: (row / length) as u32, draw: (row % length) as u32 }).collect()
        }
        Structure::Weighted(weights) => {
            let total: f64 = weights.iter().sum();
            let offset: f64 = StdRng::seed_from_u64(seed).random();
            let mut out = Vec::with_capacity(wanted);
            let (mut sum, mut row) = (weights.first().copied().unwrap_or(0.0), 0);
            for tooth in 0..wanted {
                let at = (tooth as f64 + offset) / wanted as f64 * total;
                while sum <= at && row + 1 < rows {
                    row += 1;
                    sum += weights[row];
                }
                out.push(Picked { row, chain: 0, draw: tooth as u32 });
            }
            out
        }
    }
}
