//! A small drawing layer: a scene of lines, areas, dots and words, written as SVG, PNG or PDF.
//!
//! ```text
//! Scene     what is drawn, in points of 1/72 inch                    (scene)
//! text      words with raised and lowered parts, measured and as outlines of DejaVu Sans
//! ticks     round numbers on an axis, and how they are written        (ticks)
//! Panel     one pair of axes: from data to places on the page         (panel)
//! svg, pdf  the same scene as a document with real text     png   as pixels
//! ```
//!
//! Why not a plotting library: a clean release build of kuva 0.6 with PNG takes 86 CPU seconds and of plotters 0.3 with
//! SVG and PNG 43, and both would still need the panels, thinning and densities that figures here consist of. tiny-skia,
//! ttf-parser and the font take 12. The font comes from a crate, as a machine without any must draw the same picture.

pub mod panel;
pub mod pdf;
pub mod png;
pub mod scene;
pub mod svg;
pub mod text;
pub mod ticks;

pub use panel::{Axis, Labels, Panel, Spacing};
pub use scene::{Anchor, Color, Rect, Scene, Stroke, Text, Turn};
