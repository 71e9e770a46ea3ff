//! What is drawn: shapes in the order of painting, in points of 1/72 inch, y downwards.

/// A place on the page.
pub type Point = (f64, f64);

/// Red, green, blue, and opacity from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
    pub opacity: f64,
}

impl Color {
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, opacity: 1.0 }
    }

    /// The same colour, see-through.
    pub const fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// This colour over white without opacity: a tint that does not add up where shapes overlap.
    pub fn tint(self, share: f64) -> Self {
        let mix = |c: u8| (255.0 + share * (f64::from(c) - 255.0)).round() as u8;
        Self::rgb(mix(self.red), mix(self.green), mix(self.blue))
    }
}

/// Colours that readers of every kind of colour vision tell apart (Okabe & Ito 2008), and greys.
pub mod colors {
    use super::Color;

    pub const WHITE: Color = Color::rgb(255, 255, 255);
    pub const INK: Color = Color::rgb(32, 33, 36);
    pub const NOTE: Color = Color::rgb(95, 99, 104);
    pub const GRID: Color = Color::rgb(218, 220, 224);
    pub const DATA: Color = Color::rgb(176, 180, 186);
    pub const BLUE: Color = Color::rgb(0, 114, 178);
    pub const VERMILLION: Color = Color::rgb(213, 94, 0);
    pub const GREEN: Color = Color::rgb(0, 158, 115);
    pub const ORANGE: Color = Color::rgb(230, 159, 0);
    pub const SKY: Color = Color::rgb(86, 180, 233);
    pub const PURPLE: Color = Color::rgb(204, 121, 167);

    /// For series of equal rank.
    pub const SERIES: [Color; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY];
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub color: Color,
    pub width: f64,
    /// Lengths of dash and gap.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    pub const fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: None }
    }

    pub const fn dashed(color: Color, width: f64, dash: f64, gap: f64) -> Self {
        Self { color, width, dash: Some((dash, gap)) }
    }
}

/// Which end of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Direction of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Level,
    /// From below to above.
    Upwards,
}

/// Words; `_{…}` lowers and `^{…}` raises a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// On the base line.
    pub at: Point,
    pub words: String,
    pub size: f64,
    pub anchor: Anchor,
    pub turn: Turn,
    pub color: Color,
}

/// One thing on the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Polyline {
        points: Vec<Point>,
        stroke: Stroke,
    },
    /// Lines of two points each.
    Segments {
        ends: Vec<(Point, Point)>,
        stroke: Stroke,
    },
    /// Rings inside rings are holes.
    Area {
        rings: Vec<Vec<Point>>,
        fill: Color,
    },
    /// Discs of one colour.
    Dots {
        centres: Vec<Point>,
        radius: f64,
        fill: Color,
    },
    Text(Text),
}

/// A rectangle on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub const fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, width, height }
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn corners(&self) -> Vec<Point> {
        let (r, b) = (self.right(), self.bottom());
        vec![(self.left, self.top), (r, self.top), (r, b), (self.left, b)]
    }
}

/// Everything on one page.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    /// One line, for readers that speak.
    pub title: String,
    /// What is shown, with everything needed to read it.
    pub caption: String,
    pub shapes: Vec<Shape>,
}

impl Scene {
    pub fn new(width: f64, height: f64, title: impl Into<String>) -> Self {
        Self { width, height, title: title.into(), caption: String::new(), shapes: Vec::new() }
    }

    pub fn polyline(&mut self, points: Vec<Point>, stroke: Stroke) {
        if points.len() > 1 {
            self.shapes.push(Shape::Polyline { points, stroke });
        }
    }

    pub fn segments(&mut self, ends: Vec<(Point, Point)>, stroke: Stroke) {
        if !ends.is_empty() {
            self.shapes.push(Shape::Segments { ends, stroke });
        }
    }

    pub fn area(&mut self, rings: Vec<Vec<Point>>, fill: Color) {
        if rings.iter().any(|r| r.len() > 2) {
            self.shapes.push(Shape::Area { rings, fill });
        }
    }

    pub fn rectangle(&mut self, rect: Rect, fill: Color) {
        self.area(vec![rect.corners()], fill);
    }

    pub fn outline(&mut self, rect: Rect, stroke: Stroke) {
        let mut ring = rect.corners();
        ring.push(ring[0]);
        self.polyline(ring, stroke);
    }

    pub fn dots(&mut self, centres: Vec<Point>, radius: f64, fill: Color) {
        if !centres.is_empty() {
            self.shapes.push(Shape::Dots { centres, radius, fill });
        }
    }

    /// Discs with a rim, for the few points that matter.
    pub fn beads(&mut self, centres: &[Point], radius: f64, (fill, rim): (Color, Color)) {
        self.dots(centres.to_vec(), radius, rim);
        self.dots(centres.to_vec(), radius * 0.68, fill);
    }

    /// Level words in ink.
    pub fn words(&mut self, at: Point, words: impl Into<String>, size: f64, anchor: Anchor) {
        self.write(Text { at, words: words.into(), size, anchor, turn: Turn::Level, color: colors::INK });
    }

    pub fn write(&mut self, text: Text) {
        if !text.words.is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }
}
