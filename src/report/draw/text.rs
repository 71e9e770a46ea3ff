//! Words: raised and lowered parts, widths, and outlines in DejaVu Sans, which has the signs of astronomy.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Size of raised and lowered parts over that of the rest.
const SMALL: f64 = 0.72;
/// How far parts are raised and lowered, in units of the size of the rest.
const RAISED: f64 = 0.36;
const LOWERED: f64 = 0.18;

/// Part of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub words: String,
    /// Over the size of the text.
    pub scale: f64,
    /// Upwards, in units of the size of the text.
    pub rise: f64,
    /// Distance of its start from that of the text, in units of its size.
    pub start: f64,
    /// Where it would start if it followed the part before it.
    pub after: f64,
}

/// Splits `R_{b}^{2}` into its parts; a part lowered right after a raised one stands below it. A brace that is not closed ends
/// with the text.
pub fn spans(words: &str) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let (mut at, mut after) = (0.0, 0.0);
    let mut push = |words: &str, scale: f64, rise: f64| {
        if words.is_empty() {
            return;
        }
        let below = out.last().filter(|s| s.rise > 0.0 && rise < 0.0).map(|s| s.start);
        let start = below.unwrap_or(at);
        out.push(Span { words: words.to_string(), scale, rise, start, after });
        after = start + scale * advance(words);
        at = f64::max(at, after);
    };
    let mut rest = words;
    loop {
        let next = [rest.find("_{"), rest.find("^{")].into_iter().flatten().min();
        let Some(at) = next else {
            push(rest, 1.0, 0.0);
            return out;
        };
        push(&rest[..at], 1.0, 0.0);
        let rise = if rest[at..].starts_with('_') { -LOWERED } else { RAISED };
        let inner = &rest[at + 2..];
        let end = inner.find('}').unwrap_or(inner.len());
        push(&inner[..end], SMALL, rise);
        rest = inner.get(end + 1..).unwrap_or("");
    }
}

/// The text without its marks.
pub fn plain(words: &str) -> String {
    spans(words).into_iter().map(|s| s.words).collect()
}

fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(dejavu::sans::regular(), 0).ok()).as_ref()
}

/// A sign that the font has; a box where it has not.
fn glyph(face: &Face, sign: char) -> GlyphId {
    face.glyph_index(sign).unwrap_or(GlyphId(0))
}

/// Width of plain words of size 1.
fn advance(words: &str) -> f64 {
    let Some(face) = face() else { return 0.6 * words.chars().count() as f64 };
    let of = |sign| f64::from(face.glyph_hor_advance(glyph(face, sign)).unwrap_or(0));
    words.chars().map(of).sum::<f64>() / f64::from(face.units_per_em())
}

/// Width of a text of size 1.
pub fn width(words: &str) -> f64 {
    spans(words).iter().map(|s| s.start + s.scale * advance(&s.words)).fold(0.0, f64::max)
}

/// Where the outlines of signs go.
pub trait Outline {
    fn move_to(&mut self, x: f64, y: f64);
    fn line_to(&mut self, x: f64, y: f64);
    fn quad_to(&mut self, cx: f64, cy: f64, x: f64, y: f64);
    fn close(&mut self);
}

struct Placed<'a, O> {
    out: &'a mut O,
    scale: f64,
    x: f64,
    y: f64,
}

impl<O: Outline> Placed<'_, O> {
    fn at(&self, x: f32, y: f32) -> (f64, f64) {
        (self.x + self.scale * f64::from(x), self.y - self.scale * f64::from(y))
    }
}

impl<O: Outline> OutlineBuilder for Placed<'_, O> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.out.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.out.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((cx, cy), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.out.quad_to(cx, cy, x, y);
    }
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
        // a TrueType font has no cubic curves
        self.line_to(x, y);
    }
    fn close(&mut self) {
        self.out.close();
    }
}

/// Draws the outlines of `words` of size 1, from the origin to the right, y downwards.
pub fn outline(words: &str, out: &mut impl Outline) {
    let Some(face) = face() else { return };
    let unit = 1.0 / f64::from(face.units_per_em());
    for span in spans(words) {
        let mut x = span.start;
        for sign in span.words.chars() {
            let glyph = glyph(face, sign);
            let mut placed = Placed { out: &mut *out, scale: unit * span.scale, x, y: -span.rise };
            face.outline_glyph(glyph, &mut placed);
            x += span.scale * unit * f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_raised_and_lowered() {
        let parts = spans("R_{p}/R_{⊕} (10^{-3})");
        let words: Vec<&str> = parts.iter().map(|s| s.words.as_str()).collect();
        assert_eq!(words, ["R", "p", "/R", "⊕", " (10", "-3", ")"]);
        assert!(parts[1].rise < 0.0 && parts[5].rise > 0.0 && parts[0].rise == 0.0);
        assert_eq!(plain("R_{p} and ^{2"), "Rp and 2", "an open brace does no harm");
        let errors = spans("1.2^{+0.34}_{−0.5} d");
        assert!(errors[2].start == errors[1].start && errors[3].start > errors[1].start + 0.72 * advance("+0.3"));
        assert!((width("1.2^{+0.34}_{−0.5} d") - width("1.2^{+0.34} d")).abs() < 1e-9);
    }

    #[test]
    fn widths_add_up_and_signs_of_astronomy_are_there() {
        let ab = width("ab");
        assert!((ab - width("a") - width("b")).abs() < 1e-12 && ab > 0.8 && ab < 1.5, "{ab}");
        let face = face().unwrap();
        for sign in "0123456789−+–±×·²³√σωρ⊕☉★⋆°µΔχ₀…".chars() {
            assert!(face.glyph_index(sign).is_some(), "{sign}");
        }
    }
}
