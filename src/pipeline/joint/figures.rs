//! Writes the figures of a joint fit.

use std::path::Path;

use super::JointRunError;
use crate::fit::joint::{JointData, JointFit, JointPosterior};
use crate::report::draw::png::{SCALE, png};
use crate::report::draw::svg::svg;
use crate::report::joint::figures;

/// Writes every figure to `out/figures`, as SVG and PNG; figures of an earlier fit there are removed.
pub(super) fn write(
    posterior: &JointPosterior,
    data: &JointData,
    fit: &JointFit,
    out: &Path,
) -> Result<(), JointRunError> {
    let dir = out.join("figures");
    let failed = |path: &Path, source| JointRunError::Write { path: path.to_path_buf(), source };
    if dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(|e| failed(&dir, e))?;
    }
    std::fs::create_dir_all(&dir).map_err(|e| failed(&dir, e))?;
    for figure in figures(posterior, data, fit) {
        let path = dir.join(format!("{}.svg", figure.name));
        std::fs::write(&path, svg(&figure.scene)).map_err(|e| failed(&path, e))?;
        if let Some(pixels) = png(&figure.scene, SCALE) {
            let path = dir.join(format!("{}.png", figure.name));
            std::fs::write(&path, pixels).map_err(|e| failed(&path, e))?;
        }
    }
    Ok(())
}
