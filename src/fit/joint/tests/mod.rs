//! Systems with known truth.

mod recovery;
