//! Streams of random numbers that depend on a seed, a target and a purpose, and on nothing else.

use rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};

/// The stream of `target` for `purpose`. Purposes have streams of their own, so that to switch flares on does not change
/// the noise.
pub(super) fn stream(seed: u64, target: &str, purpose: &str) -> StdRng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((target.len() as u64).to_le_bytes());
    hash.update(target);
    hash.update(purpose);
    StdRng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_by_each_part() {
        let first = |seed, target, purpose| stream(seed, target, purpose).random::<u64>();
        let one = first(1, "a", "noise");
        assert_eq!(one, first(1, "a", "noise"));
        for other in [first(2, "a", "noise"), first(1, "b", "noise"), first(1, "a", "flares"), first(1, "an", "oise")] {
            assert_ne!(one, other);
        }
    }
}
