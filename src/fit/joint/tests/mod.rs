//! Systems with known truth.

mod gradient;
mod recovery;
mod systems;
