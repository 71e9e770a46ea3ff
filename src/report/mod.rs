//! Figures and pages: what a person looks at after a fit or a search.
//!
//! ```text
//! draw      scenes, axes, SVG and PNG
//! thin      bins and fewer points for display
//! density   histograms and contours of draws
//! corner    corner plots        labels   symbols and units     notes   small print
//! joint     figures of a joint fit: folds, series, corner plots, traces
//! completeness  figures of completeness and reliability
//! page      page of a candidate, index of a run, one sheet of paper
//! ```

pub mod completeness;
mod corner;
pub mod density;
pub mod draw;
pub mod joint;
mod labels;
mod notes;
pub mod page;
pub mod thin;

use draw::Scene;

/// A scene with the name of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without ending.
    pub name: String,
    pub scene: Scene,
}
