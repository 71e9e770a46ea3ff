//! What a planet in front of a limb-darkened star does to its light: orbits, flux kernels, exposure integration.
//!
//! ```text
//! limb_darkening   intensity laws I(μ) and their parameterisations
//! elliptic         complete elliptic integrals, several at a time
//! flux             flux of a star behind a disc, flux(z, k, law): the pure kernel
//! gradient         the same with its derivatives
//! simd             vectors of f64 for the processor at hand
//! batch            flux and derivatives over arrays of distances
//! radial           the other laws, by quadrature along the planet's limb
//! surface          what each law offers to the kernels
//! series           functions with half-integer powers as pieces of Chebyshev series
//! distance_series  functions of the distance of the centres in such series
//! dip_series       dips of many points of laws whose kernel is dear
//! gradient_series  and their derivatives
//! kepler           Kepler's equation
//! orbit            where the planet is on the sky at a time; contact times and durations
//! track            the same over vectors of times, and the derivatives by the elements
//! visits           which points of a light curve are near transits
//! dips             dips at times from mid-transit, and their derivatives
//! profile          one transit in series, for means over exposures
//! exposure         mean of a function over an exposure that contact points cut, node by node
//! light_curve      all of it over an array of times, for one planet or several
//! light_curve_gradient   its derivatives by elements, size and law
//! phase_gradient   derivatives of phase curves with eclipses
//! system           planets with eclipses, phase curves and times of their own, in diluted light
//! ```
//!
//! Lengths are in stellar radii, times in days, angles in radians. `k` in a formula is `rp_rs`, the ratio of radii, and
//! `z` is the projected distance of the centres.

pub mod batch;
mod dip_series;
mod dips;
mod distance_series;
mod elliptic;
mod exposure;
pub mod flux;
mod folded_gradient;
pub mod gradient;
mod gradient_series;
pub mod kepler;
pub mod light_curve;
pub mod light_curve_gradient;
pub mod limb_darkening;
pub mod orbit;
mod phase_gradient;
mod profile;
mod radial;
mod series;
mod simd;
pub mod surface;
pub mod system;
mod track;
mod visits;

pub use batch::{DipColumns, quadratic_dip_gradient_into, quadratic_dip_into, quadratic_flux_into};
pub use flux::quadratic_flux;
pub(crate) use folded_gradient::FoldedGradient;
pub use gradient::{FluxGradient, quadratic_flux_gradient};
pub use light_curve::{TransitModel, TransitShape, light_curve};
pub use light_curve_gradient::{DipGradients, GRADIENT_COLUMNS};
pub use limb_darkening::{LimbDarkening, Quadratic};
pub use orbit::{Contacts, Orbit, OrbitElements, OrbitShape, SkyPosition};
pub(crate) use phase_gradient::PhaseGradient;
pub use simd::with_portable_kernels;
pub use surface::{dip_gradient_into, dip_into};
pub use system::{PhaseCurve, SystemModel, SystemPlanet};
pub use visits::SortedTimes;

/// Why a transit model cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransitError {
    #[error("{name} is {value}, which is not a finite number")]
    NotFinite { name: &'static str, value: f64 },
    #[error("{name} must be positive, and is {value}")]
    NotPositive { name: &'static str, value: f64 },
    #[error("{name} must not be negative, and is {value}")]
    Negative { name: &'static str, value: f64 },
    #[error("ecc must be at least 0 and below 1, and is {0}")]
    Eccentricity(f64),
    #[error("impact_parameter {impact_parameter} is beyond the planet's distance at transit, {distance} stellar radii")]
    ImpactParameter { impact_parameter: f64, distance: f64 },
    #[error("the orbit enters the star: its periastron is at {0} stellar radii")]
    InsideStar(f64),
    #[error("a planet of {rp_rs} stellar radii touches the star at its periastron, {periastron} stellar radii")]
    TouchesStar { periastron: f64, rp_rs: f64 },
}

/// Accepts a finite number.
fn finite(name: &'static str, value: f64) -> Result<f64, TransitError> {
    if value.is_finite() { Ok(value) } else { Err(TransitError::NotFinite { name, value }) }
}

/// Accepts a finite number above zero.
fn positive(name: &'static str, value: f64) -> Result<f64, TransitError> {
    if finite(name, value)? > 0.0 { Ok(value) } else { Err(TransitError::NotPositive { name, value }) }
}

/// Accepts a finite number of at least zero.
fn non_negative(name: &'static str, value: f64) -> Result<f64, TransitError> {
    if finite(name, value)? >= 0.0 { Ok(value) } else { Err(TransitError::Negative { name, value }) }
}

#[cfg(test)]
mod tests;
