//! Evaluation of a log density at many places, serial or parallel.

use rayon::prelude::*;

use super::{LogDensity, SampleError};

/// How the log densities of many places are evaluated; the result is the same bits either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evaluation {
    /// One after the other; for callers that are parallel over targets.
    #[default]
    Serial,
    /// On rayon's current thread pool.
    Parallel,
}

/// Places that one task of a parallel evaluation takes: enough for a density that gains by batches, few enough that a
/// half-ensemble keeps several threads busy.
const BATCH: usize = 8;

pub(super) fn evaluate<D: LogDensity + ?Sized>(
    density: &D,
    evaluation: Evaluation,
    positions: &[f64],
    log_density: &mut [f64],
) -> Result<(), SampleError> {
    let dim = density.dim();
    match evaluation {
        Evaluation::Serial => density.log_density_batch(positions, log_density),
        Evaluation::Parallel => positions
            .par_chunks(BATCH * dim)
            .zip(log_density.par_chunks_mut(BATCH))
            .for_each(|(xs, out)| density.log_density_batch(xs, out)),
    }
    match log_density.iter().position(|l| l.is_nan()) {
        Some(i) => Err(SampleError::NotANumber { position: positions[i * dim..(i + 1) * dim].to_vec() }),
        None => Ok(()),
    }
}
