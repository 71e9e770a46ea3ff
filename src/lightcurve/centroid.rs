//! Where the light falls on the detector.

/// Centroid of the light in the aperture (pixels), one value a cadence; NaN where missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centroid {
    pub column: Vec<f64>,
    pub row: Vec<f64>,
}

impl Centroid {
    /// Number of cadences.
    pub fn len(&self) -> usize {
        self.column.len()
    }

    pub fn is_empty(&self) -> bool {
        self.column.is_empty()
    }

    /// The cadences at `rows`, in that order.
    pub fn at(&self, rows: &[usize]) -> Self {
        let pick = |values: &[f64]| rows.iter().map(|&i| values[i]).collect();
        Self { column: pick(&self.column), row: pick(&self.row) }
    }

    /// Drops the cadences that `keep` does not name.
    pub fn retain(&mut self, keep: &[bool]) {
        for values in [&mut self.column, &mut self.row] {
            let mut keep = keep.iter();
            values.retain(|_| *keep.next().unwrap_or(&false));
        }
    }
}
