//! Systems with known truth.

mod recovery;
mod systems;
