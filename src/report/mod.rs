//! Figures and pages: what a person looks at after a fit or a search.
//!
//! ```text
//! draw      scenes, axes, SVG and PNG
//! thin      bins and fewer points for display
//! density   histograms and contours of draws
//! joint     figures of a joint fit: folds, series, corner plots, traces
//! ```

pub mod density;
pub mod draw;
pub mod joint;
pub mod thin;

use draw::Scene;

/// A scene with the name of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without ending.
    pub name: String,
    pub scene: Scene,
}
