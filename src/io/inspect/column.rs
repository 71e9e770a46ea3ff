//! Statistics of one column as it is stored.

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnContent {
    /// Numbers; the statistics are of the finite ones and NaN where there is none.
    Numbers {
        /// Values that are NaN, infinite or null.
        missing: usize,
        /// Values that are exactly zero.
        zeros: usize,
        min: f64,
        median: f64,
        max: f64,
    },
    /// Anything else, by the name of its type.
    Other(String),
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnReport {
    pub name: String,
    /// As the file states it; empty where it does not.
    pub unit: String,
    pub count: usize,
    pub content: ColumnContent,
}

impl ColumnReport {
    pub(super) fn numbers(name: impl Into<String>, unit: impl Into<String>, values: &[f64]) -> Self {
        let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let content = ColumnContent::Numbers {
            missing: values.len() - finite.len(),
            zeros: finite.iter().filter(|v| **v == 0.0).count(),
            min: finite.iter().copied().reduce(f64::min).unwrap_or(f64::NAN),
            max: finite.iter().copied().reduce(f64::max).unwrap_or(f64::NAN),
            median: crate::math::median_in_place(&mut finite),
        };
        Self { name: name.into(), unit: unit.into(), count: values.len(), content }
    }

    pub(super) fn other(
        name: impl Into<String>,
        unit: impl Into<String>,
        count: usize,
        kind: impl Into<String>,
    ) -> Self {
        Self { name: name.into(), unit: unit.into(), count, content: ColumnContent::Other(kind.into()) }
    }

    /// What is remarkable about the column, if anything.
    pub fn remark(&self) -> &'static str {
        match &self.content {
            ColumnContent::Numbers { missing, .. } if self.count > 0 && *missing == self.count => "all missing",
            ColumnContent::Numbers { zeros, missing, .. } if self.count > 1 && zeros + missing == self.count => {
                "all zero"
            }
            ColumnContent::Numbers { min, max, .. } if self.count > 1 && min == max => "constant",
            _ => "",
        }
    }
}
