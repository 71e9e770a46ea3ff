//! Completeness: the share of injected planets that are found, and that pass vetting, in cells of period, size and signal
//! to noise.

use super::proportion::Proportion;

/// One injected planet and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injection {
    /// Days.
    pub period: f64,
    pub rp_rs: f64,
    /// NaN where the star's radius is not known.
    pub radius_rearth: f64,
    pub snr_expected: f64,
    /// Whether as many transits have data as a candidate needs.
    pub is_searchable: bool,
    pub is_recovered: bool,
    /// Recovered, and taken for a planet candidate.
    pub is_passed: bool,
}

/// A quantity of an injection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    Period,
    RpRs,
    RadiusRearth,
    Snr,
}

impl Quantity {
    /// The name of its column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::RpRs => "rp_rs",
            Self::RadiusRearth => "radius_rearth",
            Self::Snr => "snr",
        }
    }

    fn of(self, injection: &Injection) -> f64 {
        match self {
            Self::Period => injection.period,
            Self::RpRs => injection.rp_rs,
            Self::RadiusRearth => injection.radius_rearth,
            Self::Snr => injection.snr_expected,
        }
    }
}

/// Values from the first up to, but without, the second.
pub type Bin = [f64; 2];

/// Counts of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub injected: usize,
    pub searchable: usize,
    pub recovered: usize,
    pub passed: usize,
}

impl Tally {
    fn add(&mut self, injection: &Injection) {
        self.injected += 1;
        self.searchable += usize::from(injection.is_searchable);
        self.recovered += usize::from(injection.is_recovered);
        self.passed += usize::from(injection.is_passed);
    }

    /// Share of the injected planets that the search found.
    pub fn found(&self) -> Proportion {
        Proportion::new(self.recovered, self.injected)
    }

    /// Share of the injected planets that the search found and that passed vetting.
    pub fn kept(&self) -> Proportion {
        Proportion::new(self.passed, self.injected)
    }

    /// Share of the planets that the search found that passed vetting.
    pub fn vetted(&self) -> Proportion {
        Proportion::new(self.passed, self.recovered)
    }
}

/// One quantity in bins.
pub fn along(injections: &[Injection], quantity: Quantity, edges: &[f64]) -> Vec<(Bin, Tally)> {
    let mut out: Vec<(Bin, Tally)> = edges.windows(2).map(|e| ([e[0], e[1]], Tally::default())).collect();
    for injection in injections {
        if let Some(bin) = bin_of(edges, quantity.of(injection)) {
            out[bin].1.add(injection);
        }
    }
    out
}

/// Everything from each edge upwards.
pub fn above(injections: &[Injection], quantity: Quantity, edges: &[f64]) -> Vec<(Bin, Tally)> {
    let of = |&edge: &f64| {
        let mut tally = Tally::default();
        injections.iter().filter(|i| quantity.of(i) >= edge).for_each(|i| tally.add(i));
        ([edge, f64::INFINITY], tally)
    };
    edges.iter().map(of).collect()
}

/// All of them.
pub fn all(injections: &[Injection]) -> Tally {
    let mut tally = Tally::default();
    injections.iter().for_each(|i| tally.add(i));
    tally
}

/// Cells of two quantities, the first one changing fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub x: Quantity,
    pub y: Quantity,
    pub x_edges: Vec<f64>,
    pub y_edges: Vec<f64>,
    pub cells: Vec<Tally>,
}

impl Grid {
    pub fn new(
        injections: &[Injection],
        (x, x_edges): (Quantity, Vec<f64>),
        (y, y_edges): (Quantity, Vec<f64>),
    ) -> Self {
        let columns = x_edges.len().saturating_sub(1);
        let mut cells = vec![Tally::default(); columns * y_edges.len().saturating_sub(1)];
        for injection in injections {
            if let (Some(i), Some(j)) = (bin_of(&x_edges, x.of(injection)), bin_of(&y_edges, y.of(injection))) {
                cells[j * columns + i].add(injection);
            }
        }
        Self { x, y, x_edges, y_edges, cells }
    }

    /// Each cell with its bins.
    pub fn iter(&self) -> impl Iterator<Item = (Bin, Bin, Tally)> {
        let columns = self.x_edges.len().saturating_sub(1);
        self.cells.iter().enumerate().map(move |(n, tally)| {
            let (i, j) = (n % columns, n / columns);
            ([self.x_edges[i], self.x_edges[i + 1]], [self.y_edges[j], self.y_edges[j + 1]], *tally)
        })
    }
}

/// `bins` bins of equal width in the logarithm that hold all finite positive values of a quantity; none where there are no
/// values. The last edge lies just above the largest value.
pub fn edges_of(injections: &[Injection], quantity: Quantity, bins: usize) -> Vec<f64> {
    let values = injections.iter().map(|i| quantity.of(i)).filter(|v| v.is_finite() && *v > 0.0);
    let (low, high) = values.fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
    if high <= 0.0 || bins == 0 {
        return Vec::new();
    }
    let high = high * (1.0 + 1e-9);
    (0..=bins).map(|i| low * (high / low).powf(i as f64 / bins as f64)).collect()
}

fn bin_of(edges: &[f64], value: f64) -> Option<usize> {
    let above = edges.partition_point(|e| *e <= value);
    (above > 0 && above < edges.len()).then(|| above - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injection(period: f64, snr: f64, recovered: bool, passed: bool) -> Injection {
        Injection {
            period,
            rp_rs: 0.01 * snr,
            radius_rearth: f64::NAN,
            snr_expected: snr,
            is_searchable: true,
            is_recovered: recovered,
            is_passed: passed,
        }
    }

    #[test]
    fn every_injection_is_in_one_cell() {
        let injections: Vec<Injection> = (0..100)
            .map(|i| injection(1.0 + f64::from(i % 10), 5.0 + f64::from(i / 10), i % 2 == 0, i % 4 == 0))
            .collect();
        let edges = |q| edges_of(&injections, q, 4);
        let (p, s) = (edges(Quantity::Period), edges(Quantity::Snr));
        let grid = Grid::new(&injections, (Quantity::Period, p), (Quantity::Snr, s.clone()));
        let sum = |of: fn(&Tally) -> usize| grid.cells.iter().map(of).sum::<usize>();
        assert_eq!((sum(|t| t.injected), sum(|t| t.recovered), sum(|t| t.passed)), (100, 50, 25));
        let mut along_snr = Tally::default();
        for (bin, tally) in along(&injections, Quantity::Snr, &s) {
            along_snr.injected += tally.injected;
            let row: usize = grid.iter().filter(|c| c.1 == bin).map(|c| c.2.injected).sum();
            assert_eq!(row, tally.injected);
        }
        assert_eq!(along_snr.injected, 100);
        assert_eq!(above(&injections, Quantity::Snr, &[10.0])[0].1.injected, 50);
        assert_eq!(all(&injections).vetted(), Proportion::new(25, 50));
        assert!(edges(Quantity::RadiusRearth).is_empty(), "not known of any star");
    }

    #[test]
    fn the_edge_belongs_to_the_bin_above() {
        let edges = [1.0, 2.0, 4.0];
        assert_eq!(
            [0.9, 1.0, 2.0, 3.9, 4.0, f64::NAN].map(|v| bin_of(&edges, v)),
            [None, Some(0), Some(1), Some(1), None, None]
        );
    }
}
