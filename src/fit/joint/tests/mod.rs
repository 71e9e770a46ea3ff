//! Systems with known truth.

mod checkpoints;
mod gradient;
mod gradient_cost;
mod recovery;
mod systems;
