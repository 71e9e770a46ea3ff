//! A joint fit in the middle of its chains, to be stored and gone on with.

use serde::{Deserialize, Serialize};

use super::{JointError, JointFit};
use crate::sample::importance::Independence;
use crate::sample::nuts::NutsCheckpoint;
use crate::sample::{Checkpoint, SampleError, bits};

/// A fit whose chains have begun; the search for modes, and importance sampling where it was tried, lie behind it. Importance and
/// nested sampling themselves have none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointCheckpoint {
    /// Coordinates of the best mode.
    #[serde(with = "bits")]
    pub(super) mode: Vec<f64>,
    /// Evaluations by importance sampling.
    pub(super) spent: usize,
    pub(super) chains: Chains,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Chains {
    Ensemble {
        run: Checkpoint,
        /// What importance sampling has learnt, as a move.
        learnt: Option<Box<Independence>>,
    },
    Nuts(NutsCheckpoint),
}

impl JointCheckpoint {
    /// Draws that every chain, or walker, has stored so far; none while one of them warms up.
    pub fn draws(&self) -> usize {
        match &self.chains {
            Chains::Ensemble { run, .. } => run.draws(),
            Chains::Nuts(run) => run.draws(),
        }
    }

    /// Whether it can be that of a posterior of so many coordinates; the samplers check the rest.
    pub(super) fn check(&self, dim: usize) -> Result<(), JointError> {
        let learnt = match &self.chains {
            Chains::Ensemble { learnt: Some(learnt), .. } => Some(learnt.dim()),
            _ => None,
        };
        match [Some(self.mode.len()), learnt].into_iter().flatten().find(|found| *found != dim) {
            Some(found) => Err(SampleError::Checkpoint { found, dim }.into()),
            None => Ok(()),
        }
    }
}

/// How far a fit came.
#[derive(Debug)]
pub enum JointProgress {
    Done(Box<JointFit>),
    /// Broken off by the caller; to be gone on with.
    Paused(JointCheckpoint),
}
