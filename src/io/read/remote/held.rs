//! Bytes of an object that are here, and which to fetch next.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

/// Ranges with no more than this between them are asked for in one request.
const GAP_BYTES: u64 = 64 << 10;
/// A row group of which more than this is wanted is not fetched at once.
const MOST_AT_ONCE: u64 = 64 << 20;
/// What is fetched where it is not known what will be wanted.
const WINDOW_BYTES: u64 = 1 << 20;
/// What is held of row groups before the last two, and of windows.
const KEPT_BYTES: usize = 32 << 20;

/// Bytes that are held, by the row group for which they were fetched; a window has none.
pub(super) struct Held {
    expected: Vec<Vec<Range<u64>>>,
    blocks: VecDeque<Block>,
}

struct Block {
    group: Option<usize>,
    start: u64,
    bytes: Bytes,
}

impl Held {
    pub(super) fn new(start: u64, bytes: Bytes) -> Self {
        Self { expected: vec![], blocks: VecDeque::from([Block { group: None, start, bytes }]) }
    }

    /// Nothing yet, but these ranges will be wanted, those of a row group together.
    pub(super) fn expecting(groups: Vec<Vec<Range<u64>>>) -> Self {
        let groups = groups.into_iter().map(joined);
        let at_once = |group: Vec<Range<u64>>| match group.iter().map(|r| r.end - r.start).sum::<u64>() {
            bytes if bytes > MOST_AT_ONCE => vec![],
            _ => group,
        };
        Self { expected: groups.map(at_once).collect(), blocks: VecDeque::new() }
    }

    /// Whether all bytes of an object of this size are here to stay.
    pub(super) fn is_whole(&self, size: u64) -> bool {
        size <= KEPT_BYTES as u64 && self.blocks.iter().any(|b| b.start == 0 && b.bytes.len() as u64 == size)
    }

    /// At least so many bytes from `start` on, and all that are held behind them.
    pub(super) fn get(&self, start: u64, length: usize) -> Option<Bytes> {
        self.blocks.iter().rev().find_map(|block| {
            let at = usize::try_from(start.checked_sub(block.start)?).ok()?;
            let end = at.checked_add(length)?;
            (end <= block.bytes.len()).then(|| block.bytes.slice(at..))
        })
    }

    /// What to fetch for a range in an object of this size: the row group's, or a window.
    pub(super) fn wanted(&self, range: Range<u64>, size: u64) -> (Option<usize>, Vec<Range<u64>>) {
        let within = |known: &Range<u64>| known.start <= range.start && range.end <= known.end;
        match self.expected.iter().position(|group| group.iter().any(within)) {
            Some(group) => (Some(group), self.expected[group].clone()),
            None => {
                let end = range.end.max(range.start.saturating_add(WINDOW_BYTES)).min(size);
                (None, only(range.start..end))
            }
        }
    }

    /// Takes what was fetched. Of two row groups that follow each other both stay, for a batch may reach from one into the
    /// next, column by column.
    pub(super) fn put(&mut self, group: Option<usize>, fetched: impl Iterator<Item = (u64, Bytes)>) {
        let before = self.blocks.len();
        self.blocks.extend(fetched.map(|(start, bytes)| Block { group, start, bytes }));
        let new = self.blocks.len() - before;
        let mut total: usize = self.blocks.iter().map(|block| block.bytes.len()).sum();
        let mut at = 0;
        while total > KEPT_BYTES && at + new < self.blocks.len() {
            let near = matches!((self.blocks[at].group, group), (Some(a), Some(b)) if a.abs_diff(b) <= 1);
            if near {
                at += 1;
            } else if let Some(gone) = self.blocks.remove(at) {
                total -= gone.bytes.len();
            }
        }
    }
}

fn only(range: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(range).collect()
}

/// Ranges in order, those close to each other as one.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP_BYTES) => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(length: usize) -> Bytes {
        Bytes::from(vec![7; length])
    }

    #[test]
    fn ranges_of_a_row_group_come_together() {
        let far = 10 << 20;
        let held = Held::expecting(vec![vec![far..far + 10, 100..200, 250..300], only(2 * far..2 * far + 5)]);
        assert_eq!(held.wanted(260..270, u64::MAX), (Some(0), vec![100..300, far..far + 10]));
        assert_eq!(held.wanted(2 * far..2 * far + 5, u64::MAX), (Some(1), only(2 * far..2 * far + 5)));
        assert_eq!(held.wanted(far - 10..far + 5, u64::MAX), (None, only(far - 10..far - 10 + WINDOW_BYTES)));
        assert_eq!(held.wanted(400..410, 500), (None, only(400..500)));
        // Too much to hold at once: window by window.
        let held = Held::expecting(vec![only(0..MOST_AT_ONCE + 1)]);
        assert_eq!(held.wanted(0..10, u64::MAX), (None, only(0..WINDOW_BYTES)));
    }

    #[test]
    fn what_was_fetched_is_found_and_the_oldest_goes() {
        let mut held = Held::expecting(vec![]);
        let half = KEPT_BYTES / 2 + 1;
        for group in 0..3_usize {
            held.put(Some(group), [((group * half) as u64, block(half))].into_iter());
        }
        assert_eq!(held.get(0, 1), None);
        // The two last stay although they are more than is kept.
        assert_eq!(held.get(half as u64 + 5, 10).map(|bytes| bytes.len()), Some(half - 5));
        assert_eq!(held.get(2 * half as u64, half + 1), None);
        held.put(None, [(0, block(half))].into_iter());
        assert_eq!((held.blocks.len(), held.get(0, half).is_some()), (1, true));
    }
}
