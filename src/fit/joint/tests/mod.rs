//! Systems with known truth.

mod checkpoints;
mod gradient;
mod recovery;
mod systems;
