//! One posterior of several light curves and radial-velocity series: every parameter free, fixed or shared.
//!
//! ```text
//! JointConfig        what a person writes: star, planets, instruments, velocities, sampler   (config, specification; fit::prior)
//! JointData          light curves and velocities, sorted, with columns of a linear model     (data)
//! JointTable         full names, priors, and the slot of every parameter                     (table, build)
//! JointPosterior     priors × likelihoods, a sample::LogDensity                              (model, likelihood, posterior)
//! coordinates        what is sampled in place of the parameters; contours for eccentric orbits
//! gradient           of the posterior, by parameters and by coordinates
//! optimise, sampling modes, then importance sampling, the no-U-turn sampler, the ensemble or nested sampling
//! JointCheckpoint    a fit in the middle of its chains                                       (checkpoint)
//! prediction         what the draws say about each series at its data, and folded
//! JointFit           draws, summaries, derived quantities, predicted transits, status        (result, derived, ephemerides)
//! reweight           the same from the draws of an earlier fit
//! ```

mod build;
mod checkpoint;
mod config;
mod coordinates;
mod data;
mod derived;
mod ephemerides;
mod gradient;
mod likelihood;
mod model;
mod optimise;
mod posterior;
mod prediction;
mod result;
mod reweight;
mod sampling;
mod specification;
mod table;

pub use super::summary::QuantitySummary;
pub use crate::fit::prior::Prior;
pub use checkpoint::{JointCheckpoint, JointProgress};
pub use config::{
    ColumnName, FileColumns, InstrumentConfig, JointConfig, Likelihood, LimbDarkeningLaw, NoiseConfig, PlanetConfig,
    SamplerConfig, SamplerKind, StarConfig, VelocityConfig, VelocityUnit,
};
pub use data::{JointData, Series};
pub use ephemerides::PredictedTransit;
pub use posterior::JointPosterior;
pub use prediction::{PlanetAt, SeriesKind, SeriesPrediction};
pub use result::{JointDiagnostics, JointFit, JointStatus};
pub use reweight::reweight;
pub use specification::ParameterSpec;
pub use table::{JointParameter, JointTable, Slot};

use std::ops::ControlFlow;

use crate::sample::{Every, SampleError};

/// Why there is no joint fit. One that has not converged is not an error, but a [`JointFit`] that says so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JointError {
    #[error("`{key}` is {value}; valid is {valid}")]
    Value { key: String, value: String, valid: String },
    #[error("no data for `{name}`")]
    NoData { name: String },
    #[error("data of `{name}`: {reason}")]
    Data { name: String, reason: String },
    #[error("every parameter is fixed: there is nothing to fit")]
    NothingFree,
    #[error("no possible model was found inside the priors; give `start` values, or narrower priors")]
    NoStart,
    #[error("the sampler failed")]
    Sample(#[from] SampleError),
}

/// Finds the modes of the posterior of `config` and `data`, samples it, and summarises. The same arguments give the same
/// bits.
pub fn fit_joint(config: &JointConfig, data: &JointData) -> Result<JointFit, JointError> {
    match continue_joint(config, data, None, Every::Draws(usize::MAX), |_| ControlFlow::Continue(()))? {
        JointProgress::Done(fit) => Ok(*fit),
        JointProgress::Paused(_) => unreachable!("nothing breaks it off"),
    }
}

/// The same from a checkpoint, or from the beginning without one. Where chains are run, a checkpoint is shown to `keep` when they
/// begin and then as often as `every` says; `keep` may store it or break off. With the configuration and data that the fit
/// began with, the result has the same bits however often it was broken off.
pub fn continue_joint(
    config: &JointConfig,
    data: &JointData,
    checkpoint: Option<JointCheckpoint>,
    every: Every,
    mut keep: impl FnMut(&JointCheckpoint) -> ControlFlow<()>,
) -> Result<JointProgress, JointError> {
    let posterior = JointPosterior::new(config, data)?;
    match sampling::sample(&posterior, &config.sampler, checkpoint, every, &mut keep)? {
        sampling::Stage::Done(sampled) => {
            Ok(JointProgress::Done(Box::new(JointFit::new(&posterior, sampled, config, data)?)))
        }
        sampling::Stage::Chains(checkpoint) => Ok(JointProgress::Paused(checkpoint)),
    }
}

#[cfg(test)]
mod tests;
