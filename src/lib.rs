//! antumbra finds transiting exoplanets in large collections of light curves and measures them.
//!
//! The path of one target through the library, each step taking earlier types and returning a new one:
//!
//! ```text
//! io::read   files              -> RawTarget      segments as they were shipped
//! clean      RawTarget          -> LightCurve     sorted, finite, normalised, positive errors; CadenceMask
//! detrend    LightCurve, mask   -> Detrended      slow trend divided out, transits kept
//! search     Detrended, plan    -> Vec<Candidate> (loop: mask, search again)
//! fit        Detrended, Candidate, Star -> TransitFit   posterior and diagnostics
//! pipeline   all of the above over many targets, and Parquet tables out
//! ```
//!
//! Times are in days, fluxes relative to 1, depths positive for a dip, angles in radians, durations in days.

pub mod detrend;
pub mod ephemeris;
pub mod fit;
pub mod inject;
pub mod io;
pub mod lightcurve;
pub mod math;
pub mod noise;
pub mod pipeline;
pub mod report;
pub mod sample;
pub mod search;
pub mod star;
pub mod transit;
pub mod vet;
