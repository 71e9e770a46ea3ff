//! What an ensemble visited: draws × walkers × dim, with the log density of each.

/// Stored draws of an ensemble, oldest first.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    walkers: usize,
    dim: usize,
    #[serde(with = "super::bits")]
    positions: Vec<f64>,
    #[serde(with = "super::bits")]
    log_density: Vec<f64>,
}

impl Chain {
    /// An empty chain of `walkers` walkers in `dim` dimensions, each at least 1.
    pub fn new(walkers: usize, dim: usize) -> Self {
        Self { walkers: walkers.max(1), dim: dim.max(1), positions: Vec::new(), log_density: Vec::new() }
    }

    pub(super) fn push(&mut self, positions: &[f64], log_density: &[f64]) {
        debug_assert_eq!(positions.len(), self.walkers * self.dim);
        self.positions.extend_from_slice(positions);
        self.log_density.extend_from_slice(log_density);
    }

    /// Whether the stored numbers are as many as whole draws have, which a file may not ensure.
    pub(super) fn is_whole(&self) -> bool {
        self.log_density.len().is_multiple_of(self.walkers) && self.positions.len() == self.log_density.len() * self.dim
    }

    pub fn walkers(&self) -> usize {
        self.walkers
    }
    pub fn dim(&self) -> usize {
        self.dim
    }
    /// Stored draws of each walker.
    pub fn draws(&self) -> usize {
        self.log_density.len() / self.walkers
    }

    /// Position of `walker` at `draw`.
    pub fn position(&self, draw: usize, walker: usize) -> &[f64] {
        let start = (draw * self.walkers + walker) * self.dim;
        &self.positions[start..start + self.dim]
    }
    pub fn log_density(&self, draw: usize, walker: usize) -> f64 {
        self.log_density[draw * self.walkers + walker]
    }

    /// One coordinate as a series in time for each walker.
    pub fn parameter(&self, coordinate: usize) -> Vec<Vec<f64>> {
        self.series(|x| x[coordinate])
    }

    /// Any function of the position as a series in time for each walker.
    pub fn series(&self, mut value: impl FnMut(&[f64]) -> f64) -> Vec<Vec<f64>> {
        let draws = self.draws();
        let mut out = vec![Vec::with_capacity(draws); self.walkers];
        for (i, x) in self.positions.chunks_exact(self.dim).enumerate() {
            out[i % self.walkers].push(value(x));
        }
        out
    }

    /// The same chain without its first `draws` draws.
    pub fn without_first(&self, draws: usize) -> Self {
        let skip = draws.min(self.draws()) * self.walkers;
        Self {
            walkers: self.walkers,
            dim: self.dim,
            positions: self.positions[skip * self.dim..].to_vec(),
            log_density: self.log_density[skip..].to_vec(),
        }
    }

    /// The draw and walker with the highest log density; `None` if the chain is empty.
    pub fn best(&self) -> Option<(usize, usize)> {
        let best = (0..self.log_density.len()).max_by(|a, b| self.log_density[*a].total_cmp(&self.log_density[*b]))?;
        Some((best / self.walkers, best % self.walkers))
    }
}
