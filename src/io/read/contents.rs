//! What inputs hold, as far as it is told before light curves are read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::columns::Roles;

/// Columns beside time and flux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub flux_err: bool,
    pub quality: bool,
    pub centroid: bool,
}

impl From<&Roles> for Columns {
    fn from(roles: &Roles) -> Self {
        Self {
            flux_err: roles.flux_err.is_some(),
            quality: roles.quality.is_some(),
            centroid: roles.centroid.is_some(),
        }
    }
}

/// Files, sectors and columns of all inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Files with light curves.
    pub files: usize,
    /// Light curves of each sector, quarter or campaign (`S1`, `Q1`, `C1`), those that name none under an empty name; two of
    /// a target that follow each other count once.
    pub segments: BTreeMap<String, u64>,
    /// Files with flux errors.
    pub flux_err: usize,
    /// Files with quality flags.
    pub quality: usize,
    /// Files with centroids.
    pub centroid: usize,
}

/// Different names of segments that are counted one by one; those of more are counted as `others`.
const MOST_SEGMENTS: usize = 1000;

impl Contents {
    pub(super) fn file(&mut self, columns: Columns) {
        self.files += 1;
        self.flux_err += usize::from(columns.flux_err);
        self.quality += usize::from(columns.quality);
        self.centroid += usize::from(columns.centroid);
    }

    pub(super) fn light_curves(&mut self, label: &str, count: u64) {
        let known = self.segments.contains_key(label) || self.segments.len() < MOST_SEGMENTS;
        *self.segments.entry(if known { label } else { "others" }.to_string()).or_default() += count;
    }
}
