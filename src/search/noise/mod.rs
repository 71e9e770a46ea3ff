//! The star's noise: how much boxes scatter, the light curve whitened, and what noise would reach.
//!
//! ```text
//! red             scatter of single boxes over white noise
//! contrast        how far a dip stands out of the rises beside it
//! view            the light curve that is searched: flattened, or whitened
//! whiten          a model of the noise from the light curve itself, and the light curve whitened by it
//! bins            the light curve in even bins, with gaps
//! events          single dips and flares that the noise model must not see
//! autoregression  autoregressive models, and their inverse covariance
//! burg            such a model of a series
//! vectors         the loops of these
//! conditional     K⁻¹ y of a stretch with gaps
//! significance    false-alarm probabilities
//! ```

pub(super) mod autoregression;
pub(super) mod bins;
pub(super) mod burg;
pub(super) mod conditional;
pub(super) mod contrast;
pub(super) mod events;
pub(super) mod red;
pub(super) mod significance;
pub(super) mod vectors;
pub(super) mod view;
pub(super) mod whiten;
