//! Properties of the transit model, and its fast parts against slow obvious ones.

mod batch;
mod dip_series;
mod dual;
mod flux;
mod gradient_series;
mod gradients;
mod laws;
mod light_curve;
mod oracle;
mod orbit;
mod system;
