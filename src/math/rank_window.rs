//! A window that slides along a series whose values were ranked once, so that median and absolute deviation are look-ups.

/// Bits of one word.
const WORD: usize = 64;

/// Which values of a series are in a window, as a set of bits in the order of their ranks.
///
/// A value enters or leaves by turning one bit. Neighbours in rank are found by counting zeros, over empty words with the
/// help of one bit a word. The median and the ends of the central half are cursors that move by a place or two when the
/// window does; nothing is sorted or searched again.
#[derive(Clone, Debug)]
pub struct RankWindow {
    /// All values of the series, ascending, between −∞ and +∞.
    sorted: Vec<f64>,
    /// Place in `sorted` of each value of the series.
    place: Vec<u32>,
    /// Bit p: the value at place p is in the window. The infinities always are, so that every walk ends.
    words: Vec<u64>,
    /// Bit w: word w is not empty.
    blocks: Vec<u64>,
    len: usize,
    /// A place, and how many of the window's values (with −∞) lie before it.
    middle: usize,
    before_middle: usize,
    central: Central,
}

/// A run of the window's values, about half of them and nearest its median.
#[derive(Clone, Copy, Debug, Default)]
struct Central {
    count: usize,
    /// Places of the first and last value of the run, and of the window's values before and after it.
    first: usize,
    last: usize,
    below: usize,
    above: usize,
}

impl Default for RankWindow {
    fn default() -> Self {
        Self::new()
    }
}

impl RankWindow {
    /// An empty window on an empty series.
    pub fn new() -> Self {
        let mut window = Self {
            sorted: Vec::new(),
            place: Vec::new(),
            words: Vec::new(),
            blocks: Vec::new(),
            len: 0,
            middle: 0,
            before_middle: 0,
            central: Central::default(),
        };
        window.rank(&[]);
        window
    }

    /// Takes a series of finite values, with none of them in the window.
    pub fn rank(&mut self, series: &[f64]) {
        let keys = sorted_keys(series);
        self.place.clear();
        self.place.resize(series.len(), 0);
        self.sorted.clear();
        self.sorted.resize(series.len() + 2, f64::INFINITY);
        self.sorted[0] = f64::NEG_INFINITY;
        for ((key, place), value) in keys.iter().zip(1..).zip(&mut self.sorted[1..]) {
            let index = *key as u32 as usize;
            *value = series[index];
            self.place[index] = place;
        }
        self.words.resize(self.sorted.len().div_ceil(WORD), 0);
        self.blocks.resize(self.words.len().div_ceil(WORD), 0);
        self.clear();
    }

    /// Takes every value out of the window.
    pub fn clear(&mut self) {
        self.words.fill(0);
        self.blocks.fill(0);
        self.turn_on(0);
        self.turn_on(self.sorted.len() - 1);
        self.len = 0;
        (self.middle, self.before_middle) = (0, 0);
        self.central = Central::default();
    }

    #[inline]
    fn turn_on(&mut self, place: usize) {
        self.words[place / WORD] |= 1 << (place % WORD);
        self.blocks[place / (WORD * WORD)] |= 1 << (place / WORD % WORD);
    }

    /// How many values are in the window.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds value `index` of the series, which is not in the window, and returns its place.
    #[inline(always)]
    pub fn insert(&mut self, index: usize) -> usize {
        let place = self.place[index] as usize;
        self.turn_on(place);
        self.len += 1;
        self.before_middle += usize::from(place < self.middle);
        let c = &mut self.central;
        c.count += usize::from(c.first < place && place < c.last);
        c.below = if place < c.first { c.below.max(place) } else { c.below };
        c.above = if place > c.last { c.above.min(place) } else { c.above };
        place
    }

    /// Takes out value `index` of the series, which is in the window, and returns its place.
    #[inline(always)]
    pub fn remove(&mut self, index: usize) -> usize {
        let place = self.place[index] as usize;
        let word = &mut self.words[place / WORD];
        *word &= !(1 << (place % WORD));
        if *word == 0 {
            self.blocks[place / (WORD * WORD)] &= !(1 << (place / WORD % WORD));
        }
        self.len -= 1;
        self.before_middle -= usize::from(place < self.middle);
        let mut c = self.central;
        let inside = c.first <= place && place <= c.last;
        if inside && c.count <= 1 {
            // No run is left; the next look-up starts one.
            self.central = Central::default();
            return place;
        }
        c.count -= usize::from(inside);
        if place == c.first {
            c.first = self.next(place + 1);
        }
        if place == c.last {
            c.last = self.previous(place);
        }
        if place == c.below {
            c.below = self.previous(place);
        }
        if place == c.above {
            c.above = self.next(place + 1);
        }
        self.central = c;
        place
    }

    /// The value at a place.
    #[inline]
    pub fn value(&self, place: usize) -> f64 {
        self.sorted[place]
    }

    /// First place whose value, in the window or not, is above `value`.
    pub fn first_above(&self, value: f64) -> usize {
        self.sorted.partition_point(|v| *v <= value)
    }

    /// The window's first place at or after `place`; that of +∞ if there is no other.
    #[inline]
    pub fn next(&self, place: usize) -> usize {
        let word = place / WORD;
        let bits = self.words[word] & (u64::MAX << (place % WORD));
        if bits != 0 { word * WORD + bits.trailing_zeros() as usize } else { self.next_beyond(word + 1) }
    }

    fn next_beyond(&self, word: usize) -> usize {
        let mut block = word / WORD;
        let mut bits = self.blocks[block] & (u64::MAX << (word % WORD));
        while bits == 0 {
            block += 1;
            bits = self.blocks[block];
        }
        let word = block * WORD + bits.trailing_zeros() as usize;
        word * WORD + self.words[word].trailing_zeros() as usize
    }

    /// The window's last place before `place`, which is not the first; that of −∞ if there is no other.
    #[inline]
    pub fn previous(&self, place: usize) -> usize {
        let word = place / WORD;
        let bits = self.words[word] & !(u64::MAX << (place % WORD));
        if bits != 0 { word * WORD + bits.ilog2() as usize } else { self.previous_beyond(word) }
    }

    fn previous_beyond(&self, word: usize) -> usize {
        let mut block = word / WORD;
        let mut bits = self.blocks[block] & !(u64::MAX << (word % WORD));
        while bits == 0 {
            block -= 1;
            bits = self.blocks[block];
        }
        let word = block * WORD + bits.ilog2() as usize;
        word * WORD + self.words[word].ilog2() as usize
    }

    /// Median, the mean of the middle two for an even count; NaN if empty.
    #[inline]
    pub fn median(&mut self) -> f64 {
        if self.len == 0 {
            return f64::NAN;
        }
        let before = self.len / 2 + 1; // with −∞
        while self.before_middle > before {
            self.middle = self.previous(self.middle);
            self.before_middle -= 1;
        }
        while self.before_middle < before {
            self.middle = self.next(self.middle) + 1;
            self.before_middle += 1;
        }
        self.middle = self.next(self.middle);
        let upper = self.sorted[self.middle];
        if self.len % 2 == 1 { upper } else { 0.5 * (self.sorted[self.previous(self.middle)] + upper) }
    }

    /// Median of |value − `median`|, where `median` is the window's own; NaN if empty.
    ///
    /// The `k` values nearest the median lie side by side in rank; of all runs of `k` it is the one whose farther end is
    /// nearest, and that end moves one way as the run moves, so it is found by walking from where it was.
    #[inline]
    pub fn absolute_deviation(&mut self, median: f64) -> f64 {
        if self.len == 0 {
            return f64::NAN;
        }
        let k = self.len.div_ceil(2);
        let Central { mut count, mut first, mut last, mut below, mut above } = self.central;
        if count == 0 {
            first = self.next(1);
            (count, last, below, above) = (1, first, 0, self.next(first + 1));
        }
        let distance = |place: usize| (self.sorted[place] - median).abs();
        while count < k {
            if distance(above) < distance(below) {
                (last, above) = (above, self.next(above + 1));
            } else {
                (first, below) = (below, self.previous(below));
            }
            count += 1;
        }
        while count > k {
            if distance(last) > distance(first) {
                (above, last) = (last, self.previous(last));
            } else {
                (below, first) = (first, self.next(first + 1));
            }
            count -= 1;
        }
        // Moving the run up by one swaps `first` for `above`: worth it while the latter is the nearer.
        while self.sorted[above] - median < median - self.sorted[first] {
            (below, first) = (first, self.next(first + 1));
            (last, above) = (above, self.next(above + 1));
        }
        while median - self.sorted[below] < self.sorted[last] - median {
            (above, last) = (last, self.previous(last));
            (first, below) = (below, self.previous(below));
        }
        self.central = Central { count, first, last, below, above };
        let nearest = distance(first).max(distance(last));
        if self.len % 2 == 1 { nearest } else { 0.5 * (nearest + distance(below).min(distance(above))) }
    }
}

/// Bits of a digit of the radix sort, of which a key has two.
const DIGIT: u32 = 11;
const BUCKETS: usize = 1 << DIGIT;

/// Integers in the order of a series' values, with the index of the value in their lower halves.
///
/// In the upper half is the value's share of the range. These integers are sorted by their digits, several times faster
/// than by comparing values, which is left for those that share an integer.
fn sorted_keys(series: &[f64]) -> Vec<u64> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in series {
        low = if *value < low { *value } else { low };
        high = if *value > high { *value } else { high };
    }
    let scale = ((1u64 << (2 * DIGIT)) - 1) as f64 / (high - low);
    let digits = |key: u64| [(key >> 32) as usize % BUCKETS, (key >> (32 + DIGIT)) as usize % BUCKETS];
    let mut starts = [[0u32; BUCKETS]; 2];
    let mut keys = vec![0; series.len()];
    for ((key, value), index) in keys.iter_mut().zip(series).zip(0u64..) {
        *key = (((value - low) * scale) as u64) << 32 | index;
        let [lower, upper] = digits(*key);
        starts[0][lower] += 1;
        starts[1][upper] += 1;
    }
    let mut sorted = vec![0; keys.len()];
    for (digit, starts) in starts.iter_mut().enumerate() {
        let mut total = 0;
        for start in starts.iter_mut() {
            (*start, total) = (total, total + *start);
        }
        for key in &keys {
            let start = &mut starts[digits(*key)[digit]];
            sorted[*start as usize] = *key;
            *start += 1;
        }
        std::mem::swap(&mut keys, &mut sorted);
    }
    let mut end = 1;
    while end < keys.len() {
        if keys[end - 1] >> 32 == keys[end] >> 32 {
            let start = end - 1;
            end += keys[end..].partition_point(|key| key >> 32 == keys[start] >> 32);
            keys[start..end].sort_unstable_by(|a, b| series[*a as u32 as usize].total_cmp(&series[*b as u32 as usize]));
        }
        end += 1;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::median;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    fn check(window: &mut RankWindow, now: &[f64]) {
        let m = median(now);
        let d = median(&now.iter().map(|v| (v - m).abs()).collect::<Vec<_>>());
        assert_eq!((window.len(), window.median()), (now.len(), m));
        assert!((window.absolute_deviation(m) - d).abs() < 1e-15, "{} values", now.len());
    }

    #[test]
    fn sliding_equals_sorting() {
        let mut rng = StdRng::seed_from_u64(1);
        // Rounded, so that there are ties; with a slope, so that the window wanders through the ranks; long enough for
        // words and blocks without a value.
        for (length, slope) in [(800, 0.0), (800, 0.1), (9000, 0.01)] {
            let x: Vec<f64> =
                (0..length).map(|i| slope * f64::from(i) + (rng.random::<f64>() * 50.0).round() / 10.0).collect();
            let mut window = RankWindow::new();
            window.rank(&x);
            for n in [1, 2, 3, 10, 37, 200] {
                window.clear();
                (0..n).for_each(|i| {
                    window.insert(i);
                });
                for start in 0..x.len() - n {
                    check(&mut window, &x[start..start + n]);
                    window.remove(start);
                    if start % 5 == 0 && n > 1 {
                        check(&mut window, &x[start + 1..start + n]);
                    }
                    window.insert(start + n);
                }
            }
        }
    }

    #[test]
    fn an_empty_window_has_no_median() {
        let mut window = RankWindow::new();
        assert!(window.is_empty() && window.median().is_nan() && window.absolute_deviation(0.0).is_nan());
        window.rank(&[3.0, 1.0]);
        window.insert(0);
        assert_eq!((window.median(), window.absolute_deviation(3.0)), (3.0, 0.0));
        window.remove(0);
        assert!(window.median().is_nan());
    }

    #[test]
    fn neighbours_are_those_in_the_window() {
        let x: Vec<f64> = (0..10_000).map(f64::from).collect();
        let mut window = RankWindow::new();
        window.rank(&x);
        let places = [2, 70, 5000, 9999].map(|i| window.insert(i));
        assert_eq!(places.map(|p| window.value(p)), [2.0, 70.0, 5000.0, 9999.0]);
        assert_eq!(places.map(|p| window.value(window.next(p + 1))), [70.0, 5000.0, 9999.0, f64::INFINITY]);
        assert_eq!(places.map(|p| window.value(window.previous(p))), [f64::NEG_INFINITY, 2.0, 70.0, 5000.0]);
        assert_eq!(window.first_above(4999.5), places[2]);
    }
}
