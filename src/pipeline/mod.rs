//! Many targets through all steps: configuration, one target, many targets, manifest.

mod engine;

pub use engine::process_in_order;
