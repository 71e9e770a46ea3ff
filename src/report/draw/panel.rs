//! One pair of axes: places of data on the page, cut to the frame, and frame, marks and labels around them.

use super::scene::{Anchor, Color, Point, Rect, Scene, Stroke, Text, Turn, colors};
use super::text;
use super::ticks::{self, Shift, Ticks, written};

/// Size of the numbers on axes, and of their labels, in points.
pub const NUMBER_SIZE: f64 = 7.5;
pub const LABEL_SIZE: f64 = 8.5;
/// Lengths of marks.
const MAJOR: f64 = 3.6;
const MINOR: f64 = 2.0;
const FRAME: Stroke = Stroke::solid(colors::INK, 0.6);

/// How values lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    Linear,
    /// Values must be positive.
    Logarithmic,
    /// Linear, but the values mean nothing: no marks.
    Unmarked,
}

/// Range of one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub spacing: Spacing,
    /// What is taken off the numbers.
    pub shift: Shift,
}

impl Axis {
    /// From `low` to `high`; an empty or impossible range is widened.
    pub fn linear(low: f64, high: f64) -> Self {
        let (low, high) = widened(low, high);
        Self { low, high, spacing: Spacing::Linear, shift: Shift::NONE }
    }

    /// The same, with an offset and a power of ten taken off the numbers where that makes them shorter.
    pub fn shifted(low: f64, high: f64) -> Self {
        let (low, high) = widened(low, high);
        Self { low, high, spacing: Spacing::Linear, shift: Shift::choose(low, high) }
    }

    /// From `low` to `high` without marks.
    pub fn unmarked(low: f64, high: f64) -> Self {
        Self { spacing: Spacing::Unmarked, ..Self::linear(low, high) }
    }

    pub fn logarithmic(low: f64, high: f64) -> Self {
        let low = if low > 0.0 && low.is_finite() { low } else { 1.0 };
        let high = if high > low && high.is_finite() { high } else { 10.0 * low };
        Self { low, high, spacing: Spacing::Logarithmic, shift: Shift::NONE }
    }

    /// 0 at `low`, 1 at `high`.
    fn share(&self, value: f64) -> f64 {
        match self.spacing {
            Spacing::Linear | Spacing::Unmarked => (value - self.low) / (self.high - self.low),
            Spacing::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }

    /// Marks, in values, with the text of the major ones.
    fn ticks(&self, most: usize) -> (Ticks, Vec<String>) {
        match self.spacing {
            Spacing::Unmarked => (Ticks { major: Vec::new(), minor: Vec::new(), decimals: 0 }, Vec::new()),
            Spacing::Logarithmic => {
                let t = ticks::logarithmic(self.low, self.high);
                let text = t.major.iter().map(|v| power(*v)).collect();
                (t, text)
            }
            Spacing::Linear => {
                let mut t = ticks::linear(self.shift.apply(self.low), self.shift.apply(self.high), most);
                let text = t.major.iter().map(|v| written(*v, t.decimals)).collect();
                let back = |v: &mut f64| *v = *v * 10f64.powi(self.shift.exponent) + self.shift.offset;
                t.major.iter_mut().for_each(back);
                t.minor.iter_mut().for_each(back);
                (t, text)
            }
        }
    }
}

fn widened(low: f64, high: f64) -> (f64, f64) {
    match (low.is_finite(), high.is_finite()) {
        (true, true) if high > low => (low, high),
        (true, true) => {
            let room = (0.05 * low.abs()).max(1e-12);
            (low - room, low + room)
        }
        _ => (0.0, 1.0),
    }
}

fn power(value: f64) -> String {
    if (0.01..=1000.0).contains(&value) {
        return format!("{}", (value * 1e6).round() / 1e6);
    }
    let exponent = value.log10().round();
    let factor = value / 10f64.powf(exponent);
    let power = format!("10^{{{}}}", written(exponent, 0));
    if (factor - 1.0).abs() < 1e-6 { power } else { format!("{:.0}×{power}", factor) }
}

/// What is written along the axes: none leaves the numbers out too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels<'a> {
    pub x: Option<&'a str>,
    pub y: Option<&'a str>,
    /// Distance of the vertical label's base line from the frame; by default beside the numbers.
    pub y_distance: Option<f64>,
}

/// A frame on the page with axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub frame: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    pub fn new(frame: Rect, x: Axis, y: Axis) -> Self {
        Self { frame, x, y }
    }

    /// Place of a value, which may be outside the frame.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.x_at(x), self.y_at(y))
    }

    pub fn x_at(&self, x: f64) -> f64 {
        self.frame.left + self.frame.width * self.x.share(x)
    }

    pub fn y_at(&self, y: f64) -> f64 {
        self.frame.bottom() - self.frame.height * self.y.share(y)
    }

    fn contains(&self, p: Point) -> bool {
        let f = &self.frame;
        p.0 >= f.left && p.0 <= f.right() && p.1 >= f.top && p.1 <= f.bottom()
    }

    /// Places of those points that are inside.
    pub fn inside<'a>(&'a self, points: impl IntoIterator<Item = Point> + 'a) -> Vec<Point> {
        points.into_iter().map(|(x, y)| self.at(x, y)).filter(|p| self.contains(*p)).collect()
    }

    pub fn dots(&self, scene: &mut Scene, points: impl IntoIterator<Item = Point>, radius: f64, color: Color) {
        let places = points.into_iter().map(|(x, y)| self.at(x, y)).filter(|p| self.contains(*p)).collect();
        scene.dots(places, radius, color);
    }

    /// Points (x, y, error) with bars, cut to the frame.
    pub fn points_with_errors(&self, scene: &mut Scene, points: &[(f64, f64, f64)], radius: f64, color: Color) {
        let bars = points.iter().filter_map(|(x, y, e)| {
            let ends = (self.at(*x, y + e), self.at(*x, y - e));
            cut(ends.0, ends.1, &self.frame)
        });
        scene.segments(bars.collect(), Stroke::solid(color, 0.8));
        let centres = self.inside(points.iter().map(|p| (p.0, p.1)));
        scene.beads(&centres, radius, (color, colors::WHITE));
    }

    /// A line through `points`, broken where one is not finite, cut to the frame.
    pub fn line(&self, scene: &mut Scene, points: impl IntoIterator<Item = Point>, stroke: Stroke) {
        let mut run: Vec<Point> = Vec::new();
        let mut last: Option<Point> = None;
        for (x, y) in points {
            let p = self.at(x, y);
            if !(p.0.is_finite() && p.1.is_finite()) {
                scene.polyline(std::mem::take(&mut run), stroke);
                last = None;
                continue;
            }
            if let Some(from) = last.replace(p)
                && let Some((a, b)) = cut(from, p, &self.frame)
            {
                if run.last() != Some(&a) {
                    scene.polyline(std::mem::take(&mut run), stroke);
                    run.push(a);
                }
                run.push(b);
            }
        }
        scene.polyline(run, stroke);
    }

    /// The area between two lines over the same x.
    pub fn band(&self, scene: &mut Scene, x: &[f64], low: &[f64], high: &[f64], fill: Color) {
        let f = &self.frame;
        let place = |(x, y): (&f64, &f64)| {
            let p = self.at(*x, *y);
            (p.0.clamp(f.left, f.right()), p.1.clamp(f.top, f.bottom()))
        };
        let mut ring: Vec<Point> = x.iter().zip(high).map(place).collect();
        ring.extend(x.iter().zip(low).rev().map(place));
        if ring.iter().all(|p| p.0.is_finite() && p.1.is_finite()) {
            scene.area(vec![ring], fill);
        }
    }

    pub fn horizontal(&self, scene: &mut Scene, y: f64, stroke: Stroke) {
        self.line(scene, [(self.x.low, y), (self.x.high, y)], stroke);
    }

    pub fn vertical(&self, scene: &mut Scene, x: f64, stroke: Stroke) {
        self.line(scene, [(x, self.y.low), (x, self.y.high)], stroke);
    }

    /// Frame, marks, numbers and labels: to be called last, so that they lie on top.
    pub fn draw_frame(&self, scene: &mut Scene, labels: &Labels) {
        let f = self.frame;
        let mut marks = Vec::new();
        let (x, x_text) = self.fitting_x();
        for (values, length) in [(&x.major, MAJOR), (&x.minor, MINOR)] {
            for at in values.iter().map(|v| self.x_at(*v)) {
                marks.push(((at, f.bottom()), (at, f.bottom() - length)));
                marks.push(((at, f.top), (at, f.top + length)));
            }
        }
        let (y, y_text) = self.y.ticks(((f.height / 19.0) as usize).clamp(2, 8));
        for (values, length) in [(&y.major, MAJOR), (&y.minor, MINOR)] {
            for at in values.iter().map(|v| self.y_at(*v)) {
                marks.push(((f.left, at), (f.left + length, at)));
                marks.push(((f.right(), at), (f.right() - length, at)));
            }
        }
        scene.segments(marks, Stroke::solid(colors::INK, 0.5));
        scene.outline(f, FRAME);
        if let Some(label) = labels.x {
            for (v, words) in x.major.iter().zip(x_text) {
                // beside another panel, a number must not reach into it
                let (at, half) = (self.x_at(*v), 0.5 * NUMBER_SIZE * text::width(&words));
                if f.width < 130.0 && (at - half < f.left - 1.5 || at + half > f.right() + 1.5) {
                    continue;
                }
                scene.words((self.x_at(*v), f.bottom() + 10.0), words, NUMBER_SIZE, Anchor::Middle);
            }
            let size = fitting(label, f.width + 4.0);
            scene.words((f.left + 0.5 * f.width, f.bottom() + 21.0), label, size, Anchor::Middle);
        }
        if let Some(label) = labels.y {
            let mut widest: f64 = 0.0;
            for (v, words) in y.major.iter().zip(y_text) {
                widest = widest.max(text::width(&words) * NUMBER_SIZE);
                scene.words((f.left - 4.0, self.y_at(*v) + 2.7), words, NUMBER_SIZE, Anchor::End);
            }
            let distance = labels.y_distance.unwrap_or(widest + 9.0);
            scene.write(Text {
                at: (f.left - distance, f.top + 0.5 * f.height),
                words: label.into(),
                size: fitting(label, f.height + 4.0),
                anchor: Anchor::Middle,
                turn: Turn::Upwards,
                color: colors::INK,
            });
        }
    }

    /// As many numbers along x as have room.
    fn fitting_x(&self) -> (Ticks, Vec<String>) {
        let mut most = ((self.frame.width / 28.0) as usize).clamp(2, 9);
        loop {
            let (ticks, words) = self.x.ticks(most);
            let places: Vec<(f64, f64)> = ticks
                .major
                .iter()
                .zip(&words)
                .map(|(v, w)| (self.x_at(*v), 0.5 * NUMBER_SIZE * text::width(w)))
                .collect();
            let clear = places.windows(2).all(|p| p[1].0 - p[1].1 > p[0].0 + p[0].1 + 4.0);
            if clear {
                return (ticks, words);
            }
            if most <= 2 || self.x.spacing == Spacing::Logarithmic {
                // those that still touch the one before go
                let mut last = f64::NEG_INFINITY;
                let apart = |(w, (at, half)): (String, &(f64, f64))| {
                    if at - half < last + 4.0 {
                        return String::new();
                    }
                    last = at + half;
                    w
                };
                let words = words.into_iter().zip(&places).map(apart).collect();
                return (ticks, words);
            }
            most -= 1;
        }
    }
}

/// Size at which a label is no longer than `room`, within reason.
fn fitting(label: &str, room: f64) -> f64 {
    (room / text::width(label).max(1e-3)).clamp(5.0, LABEL_SIZE)
}

/// The part of a line inside `frame` (Liang & Barsky 1984).
fn cut(from: Point, to: Point, frame: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0f64, 1.0f64);
    for (p, q) in [
        (-dx, from.0 - frame.left),
        (dx, frame.right() - from.0),
        (-dy, from.1 - frame.top),
        (dy, frame.bottom() - from.1),
    ] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            start = start.max(q / p);
        } else {
            end = end.min(q / p);
        }
    }
    let at = |s: f64| {
        if s == 0.0 {
            from
        } else if s == 1.0 {
            to
        } else {
            (from.0 + s * dx, from.1 + s * dy)
        }
    };
    (start <= end).then(|| (at(start), at(end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draw::scene::Shape;

    fn panel() -> Panel {
        Panel::new(Rect::new(10.0, 20.0, 100.0, 50.0), Axis::linear(0.0, 10.0), Axis::linear(-1.0, 1.0))
    }

    #[test]
    fn corners_of_the_range_are_corners_of_the_frame() {
        let p = panel();
        assert_eq!(p.at(0.0, -1.0), (10.0, 70.0));
        assert_eq!(p.at(10.0, 1.0), (110.0, 20.0));
        let log = Panel { x: Axis::logarithmic(1.0, 100.0), ..p };
        assert!((log.x_at(10.0) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_outside_is_cut_off() {
        let p = panel();
        let mut scene = Scene::new(200.0, 100.0, "");
        p.line(
            &mut scene,
            [(-5.0, 0.0), (5.0, 0.0), (5.0, 9.0), (6.0, 9.0), (6.0, 0.5)],
            Stroke::solid(colors::INK, 1.0),
        );
        p.dots(&mut scene, [(1.0, 0.0), (1.0, 2.0), (-1.0, 0.0)], 1.0, colors::INK);
        let [Shape::Polyline { points: a, .. }, Shape::Polyline { points: b, .. }, Shape::Dots { centres, .. }] =
            &scene.shapes[..]
        else {
            panic!("{scene:?}")
        };
        assert_eq!((a.len(), b.len(), centres.len()), (3, 2, 1));
        assert_eq!(a[0], (10.0, 45.0));
        assert!(a.iter().chain(b).all(|q| p.contains(*q)), "{scene:?}");
    }

    #[test]
    fn numbers_do_not_touch_and_the_unit_is_there() {
        let mut scene = Scene::new(400.0, 100.0, "");
        let x = Axis::shifted(2_458_354.01, 2_458_354.97);
        let label = x.shift.label("Time", "d");
        let p = Panel::new(Rect::new(40.0, 10.0, 90.0, 50.0), x, Axis::linear(0.99, 1.01));
        p.draw_frame(&mut scene, &Labels { x: Some(&label), y: Some("Relative flux"), y_distance: None });
        let words: Vec<&Text> =
            scene.shapes.iter().filter_map(|s| if let Shape::Text(t) = s { Some(t) } else { None }).collect();
        assert!(words.iter().any(|t| t.words == "Time − 2458354 (d)"), "{words:?}");
        let along: Vec<(f64, f64)> =
            words.iter().filter(|t| t.at.1 == 70.0).map(|t| (t.at.0, 0.5 * t.size * text::width(&t.words))).collect();
        assert!(along.len() >= 2 && along.windows(2).all(|w| w[0].0 + w[0].1 < w[1].0 - w[1].1), "{along:?}");
        assert_eq!(Axis::linear(3.0, 3.0).share(3.0), 0.5);
        assert_eq!(Axis::linear(f64::NAN, 3.0).low, 0.0);
    }
}
