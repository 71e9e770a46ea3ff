//! A scene as an SVG document whose words are text.

use std::fmt::Write;

use super::scene::{Anchor, Color, Point, Scene, Shape, Stroke, Text, Turn};
use super::text::spans;

/// The document. Dots of one shape are one path of lines without length and with round ends, a fifth of the size of as many circles.
pub fn svg(scene: &Scene) -> String {
    let (w, h) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"'DejaVu Sans',Verdana,sans-serif\" role=\"img\">\n<title>{}</title>\n",
        escaped(&scene.title)
    );
    if !scene.caption.is_empty() {
        let _ = writeln!(out, "<desc>{}</desc>", escaped(&scene.caption));
    }
    let _ = writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>");
    for shape in &scene.shapes {
        draw(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Polyline { points, stroke } => {
            out.push_str("<path d=\"");
            path(out, points);
            out.push('"');
            put_stroke(out, stroke);
            out.push_str(" stroke-linejoin=\"round\"/>\n");
        }
        Shape::Segments { ends, stroke } => {
            out.push_str("<path d=\"");
            for (from, to) in ends {
                path(out, &[*from, *to]);
            }
            out.push('"');
            put_stroke(out, stroke);
            out.push_str("/>\n");
        }
        Shape::Area { rings, fill } => {
            out.push_str("<path d=\"");
            for ring in rings {
                path(out, ring);
                out.push('z');
            }
            out.push('"');
            put_color(out, "fill", *fill);
            out.push_str(" fill-rule=\"evenodd\"/>\n");
        }
        Shape::Dots { centres, radius, fill } => {
            out.push_str("<path d=\"");
            for centre in centres {
                out.push('M');
                place(out, *centre);
                out.push_str("h0");
            }
            out.push('"');
            put_stroke(out, &Stroke::solid(*fill, 2.0 * radius));
            out.push_str(" stroke-linecap=\"round\"/>\n");
        }
        Shape::Text(text) => put_text(out, text),
    }
}

fn path(out: &mut String, points: &[Point]) {
    for (i, point) in points.iter().enumerate() {
        out.push(if i == 0 { 'M' } else { 'L' });
        place(out, *point);
    }
}

fn place(out: &mut String, (x, y): Point) {
    number(out, x);
    out.push(' ');
    number(out, y);
}

/// Two digits after the point, without trailing zeros: 1/7200 inch.
pub(super) fn number(out: &mut String, value: f64) {
    let hundredths = (100.0 * value).round() as i64;
    let (whole, rest) = (hundredths / 100, (hundredths % 100).abs());
    if hundredths < 0 && whole == 0 {
        out.push('-');
    }
    let _ = write!(out, "{whole}");
    if rest > 0 {
        out.push('.');
        out.push(char::from(b'0' + (rest / 10) as u8));
        if rest % 10 > 0 {
            out.push(char::from(b'0' + (rest % 10) as u8));
        }
    }
}

fn put_color(out: &mut String, attribute: &str, color: Color) {
    let _ = write!(out, " {attribute}=\"#{:02x}{:02x}{:02x}\"", color.red, color.green, color.blue);
    if color.opacity < 1.0 {
        let _ = write!(out, " {attribute}-opacity=\"{:.3}\"", color.opacity);
    }
}

fn put_stroke(out: &mut String, stroke: &Stroke) {
    out.push_str(" fill=\"none\"");
    put_color(out, "stroke", stroke.color);
    out.push_str(" stroke-width=\"");
    number(out, stroke.width);
    out.push('"');
    if let Some((dash, gap)) = stroke.dash {
        let _ = write!(out, " stroke-dasharray=\"{dash} {gap}\"");
    }
}

fn put_text(out: &mut String, text: &Text) {
    out.push_str("<text");
    match text.turn {
        Turn::Level => {
            out.push_str(" x=\"");
            number(out, text.at.0);
            out.push_str("\" y=\"");
            number(out, text.at.1);
            out.push('"');
        }
        Turn::Upwards => {
            out.push_str(" transform=\"translate(");
            place(out, text.at);
            out.push_str(") rotate(-90)\"");
        }
    }
    let _ = write!(out, " font-size=\"{}\"", text.size);
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    put_color(out, "fill", text.color);
    out.push('>');
    let mut rise = 0.0;
    for span in spans(&text.words) {
        let words = escaped(&span.words);
        if span.scale == 1.0 && rise == 0.0 {
            out.push_str(&words);
        } else {
            let (dy, size) = ((rise - span.rise) * text.size, span.scale * text.size);
            let dx = (span.start - span.after) * text.size;
            let dx = if dx.abs() > 1e-6 { format!(" dx=\"{dx:.2}\"") } else { String::new() };
            let _ = write!(out, "<tspan{dx} dy=\"{dy:.2}\" font-size=\"{size:.2}\">{words}</tspan>");
        }
        rise = span.rise;
    }
    out.push_str("</text>\n");
}

/// Safe inside elements and attributes; signs that XML does not allow are left out.
pub fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for sign in words.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(sign),
            sign if sign < ' ' || sign == '\u{fffe}' || sign == '\u{ffff}' => {}
            sign => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draw::scene::colors;

    #[test]
    fn numbers_are_short_and_right() {
        let write = |v: f64| {
            let mut out = String::new();
            number(&mut out, v);
            out
        };
        for (value, text) in
            [(0.0, "0"), (-0.004, "0"), (1.0, "1"), (1.5, "1.5"), (-0.25, "-0.25"), (12.049, "12.05"), (-3.07, "-3.07")]
        {
            assert_eq!(write(value), text);
        }
    }

    #[test]
    fn words_are_escaped_and_searchable() {
        let mut scene = Scene::new(100.0, 50.0, "a < b & \"c\"");
        scene.words((10.0, 20.0), "R_{p} <script>", 10.0, Anchor::Middle);
        scene.dots(vec![(1.0, 2.0), (3.0, 4.0)], 1.0, colors::BLUE);
        let text = svg(&scene);
        assert!(text.contains("<title>a &lt; b &amp; &quot;c&quot;</title>"));
        assert!(text.contains(">R<tspan") && text.contains("&lt;script&gt;") && !text.contains("<script>"));
        assert_eq!(text.matches("h0").count(), 2);
    }
}
