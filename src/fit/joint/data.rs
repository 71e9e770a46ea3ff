//! Data of a joint fit: light curves and radial velocities, sorted, finite, with positive errors.

use std::collections::BTreeMap;

use super::JointError;
use crate::math::median;

/// Values with errors at times.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    time: Vec<f64>,
    value: Vec<f64>,
    error: Vec<f64>,
    columns: Vec<Vec<f64>>,
}

impl Series {
    /// Sorts by time. `columns` are those of the linear model, one value a point each; `name` is for messages.
    pub fn new(
        name: &str,
        time: Vec<f64>,
        value: Vec<f64>,
        error: Vec<f64>,
        columns: Vec<Vec<f64>>,
    ) -> Result<Self, JointError> {
        let n = time.len();
        let bad = |reason: String| JointError::Data { name: name.to_string(), reason };
        if n == 0 {
            return Err(bad("there is no point".into()));
        }
        if value.len() != n || error.len() != n || columns.iter().any(|c| c.len() != n) {
            return Err(bad("the columns differ in length".into()));
        }
        for i in 0..n {
            let finite = time[i].is_finite() && value[i].is_finite() && columns.iter().all(|c| c[i].is_finite());
            if !(finite && error[i].is_finite() && error[i] > 0.0) {
                let (t, v, e) = (time[i], value[i], error[i]);
                return Err(bad(format!(
                    "point {} (time {t}, value {v}, error {e}) has a number that is not finite, or an error that is not positive",
                    i + 1
                )));
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| time[*a].total_cmp(&time[*b]));
        let sorted = |from: &[f64]| order.iter().map(|i| from[*i]).collect::<Vec<f64>>();
        let columns = columns.iter().map(|c| standardised(&sorted(c))).collect();
        Ok(Self { time: sorted(&time), value: sorted(&value), error: sorted(&error), columns })
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Days, ascending.
    pub fn time(&self) -> &[f64] {
        &self.time
    }

    /// Relative flux, or m/s.
    pub fn value(&self) -> &[f64] {
        &self.value
    }

    pub fn error(&self) -> &[f64] {
        &self.error
    }

    /// Columns of the linear model, of mean 0 and standard deviation 1.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// Half way between first and last point.
    pub fn middle(&self) -> f64 {
        0.5 * (self.time[0] + self.time[self.len() - 1])
    }

    pub(super) fn median_value(&self) -> f64 {
        median(&self.value)
    }

    pub(super) fn median_error(&self) -> f64 {
        median(&self.error)
    }

    /// Robust standard deviation about the median.
    pub(super) fn scatter(&self) -> f64 {
        crate::math::mad_sigma(&self.value)
    }

    pub(super) fn range(&self) -> (f64, f64) {
        self.value.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)))
    }
}

/// A column that is constant becomes zero throughout.
fn standardised(column: &[f64]) -> Vec<f64> {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let sigma = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if sigma > 0.0 { 1.0 / sigma } else { 0.0 };
    column.iter().map(|v| (v - mean) * scale).collect()
}

/// The data of every instrument, by its name in the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JointData {
    /// Relative flux.
    pub photometry: BTreeMap<String, Series>,
    /// m/s
    pub velocities: BTreeMap<String, Series>,
}

impl JointData {
    /// First and last time of all; `None` without data.
    pub fn span(&self) -> Option<(f64, f64)> {
        let all = self.photometry.values().chain(self.velocities.values());
        all.map(|s| (s.time[0], s.time[s.len() - 1])).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    pub fn n_points(&self) -> usize {
        self.photometry.values().chain(self.velocities.values()).map(Series::len).sum()
    }
}
