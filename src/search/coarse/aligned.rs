//! Buffers that start at a cache line, so that vectors at whole multiples of their length are never split between two.

use std::ops::{Deref, DerefMut};

/// Bytes in a cache line, and in the widest vector.
const LINE: usize = 64;

/// A growing buffer of plain numbers whose first element starts a cache line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned<T> {
    room: Vec<T>,
    offset: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// Makes the buffer at least `len` long. What was in it is lost when it grows.
    pub fn grow(&mut self, len: usize) {
        if len <= self.len {
            return;
        }
        let spare = LINE / size_of::<T>();
        self.room = vec![T::default(); len + spare];
        // `align_offset` may decline to say, in which case any offset is correct.
        self.offset = self.room.as_ptr().align_offset(LINE).min(spare);
        self.len = len;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.room[self.offset..self.offset + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.room[self.offset..self.offset + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_a_line_and_grows() {
        let mut buffer = Aligned::<i16>::default();
        assert!(buffer.is_empty());
        for len in [1, 100, 5000] {
            buffer.grow(len);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % LINE), (len, 0));
            buffer.fill(1);
        }
        buffer.grow(10);
        assert_eq!(buffer.len(), 5000);
    }
}
