//! detrend
