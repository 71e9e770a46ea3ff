//! Numbers by their bits, in hexadecimal: not every text format gives back the last digit, or infinity.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Digits of a number.
const DIGITS: usize = 16;

/// Writes its numbers one after the other, so that a long chain takes no second room while it is stored.
struct Hexadecimal<'a>(&'a [f64]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|v| write!(f, "{:016x}", v.to_bits()))
    }
}

struct Numbers;

impl Visitor<'_> for Numbers {
    type Value = Vec<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "numbers of {DIGITS} hexadecimal digits each")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<f64>, E> {
        let numbers = text.as_bytes().chunks(DIGITS).map(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|d| d.len() == DIGITS)?;
            u64::from_str_radix(digits, 16).ok().map(f64::from_bits)
        });
        numbers.collect::<Option<_>>().ok_or_else(|| E::custom("a number is not 16 hexadecimal digits"))
    }
}

pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hexadecimal(values))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    deserializer.deserialize_str(Numbers)
}

/// The same for so many numbers.
pub(crate) mod several {
    use super::{Deserializer, Error, Serializer};

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        values: &[f64; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(values, serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[f64; N], D::Error> {
        super::deserialize(deserializer)?.try_into().map_err(|_| D::Error::custom(format!("not {N} numbers")))
    }
}

/// The same for one number.
pub(crate) mod one {
    use super::{Deserializer, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize(&[*value], serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match super::deserialize(deserializer)?[..] {
            [value] => Ok(value),
            _ => Err(D::Error::custom("not one number")),
        }
    }
}
