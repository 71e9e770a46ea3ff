//! The random numbers of a chain, from a generator that can be stored: its seed, and how far it came.

use chacha20::ChaCha12Rng;
use rand::SeedableRng;
use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What `rand::rngs::StdRng` is, but open to look at.
pub(super) type Stream = ChaCha12Rng;

/// The stream of a chain.
pub(super) fn stream(seed: u64, chain: usize) -> Stream {
    Stream::seed_from_u64(seed ^ (chain as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    seed: [u8; 32],
    /// 32-bit words that were used.
    words: u64,
}

pub(super) fn serialize<S: Serializer>(stream: &Stream, serializer: S) -> Result<S::Ok, S::Error> {
    let words = u64::try_from(stream.get_word_pos()).map_err(S::Error::custom)?;
    Stored { seed: stream.get_seed(), words }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stream, D::Error> {
    let stored = Stored::deserialize(deserializer)?;
    let mut stream = Stream::from_seed(stored.seed);
    stream.set_word_pos(stored.words.into());
    Ok(stream)
}
