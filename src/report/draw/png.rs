//! A scene as pixels, and pixels as a PNG file.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, StrokeDash, Transform};

use super::scene::{Anchor, Color, Point, Scene, Shape, Stroke, Text, Turn};
use super::text::{self, Outline};

/// Pixels for each point (1/72 inch) of the page: 200 to the inch.
pub const SCALE: f64 = 200.0 / 72.0;

/// Most pixels of a side.
const LARGEST: f64 = 20_000.0;

/// The scene as a PNG file of `scale` pixels a point; `None` for a page without size or beyond all size.
pub fn png(scene: &Scene, scale: f64) -> Option<Vec<u8>> {
    let pixmap = pixels(scene, scale)?;
    Some(encoded(pixmap.width(), pixmap.height(), pixmap.data()))
}

fn pixels(scene: &Scene, scale: f64) -> Option<Pixmap> {
    let size = |v: f64| Some((v * scale).ceil()).filter(|v| *v >= 1.0 && *v <= LARGEST);
    let (width, height) = (size(scene.width)?, size(scene.height)?);
    let mut pixmap = Pixmap::new(width as u32, height as u32)?;
    pixmap.fill(tiny_skia::Color::WHITE);
    for shape in &scene.shapes {
        draw(&mut pixmap, shape, scale);
    }
    Some(pixmap)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(color.red, color.green, color.blue, (255.0 * color.opacity).round() as u8);
    paint
}

fn draw(pixmap: &mut Pixmap, shape: &Shape, scale: f64) {
    let at = |p: &Point| ((p.0 * scale) as f32, (p.1 * scale) as f32);
    match shape {
        Shape::Polyline { points, stroke } => {
            let mut builder = PathBuilder::new();
            push(&mut builder, points.iter().map(at));
            stroke_path(pixmap, builder.finish(), stroke, scale);
        }
        Shape::Segments { ends, stroke } => {
            let mut builder = PathBuilder::new();
            for (from, to) in ends {
                push(&mut builder, [at(from), at(to)].into_iter());
            }
            stroke_path(pixmap, builder.finish(), stroke, scale);
        }
        Shape::Area { rings, fill } => {
            let mut builder = PathBuilder::new();
            for ring in rings {
                push(&mut builder, ring.iter().map(at));
                builder.close();
            }
            if let Some(path) = builder.finish() {
                pixmap.fill_path(&path, &paint(*fill), FillRule::EvenOdd, Transform::identity(), None);
            }
        }
        Shape::Dots { centres, radius, fill } => {
            for centre in centres {
                disc(pixmap, (centre.0 * scale, centre.1 * scale), radius * scale, *fill);
            }
        }
        Shape::Text(text) => put_text(pixmap, text, scale),
    }
}

fn push(builder: &mut PathBuilder, points: impl Iterator<Item = (f32, f32)>) {
    for (i, (x, y)) in points.enumerate() {
        if i == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
}

fn stroke_path(pixmap: &mut Pixmap, path: Option<Path>, stroke: &Stroke, scale: f64) {
    let Some(path) = path else { return };
    let dash = stroke.dash.and_then(|(on, off)| StrokeDash::new(vec![(on * scale) as f32, (off * scale) as f32], 0.0));
    let style = tiny_skia::Stroke {
        width: (stroke.width * scale) as f32,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash,
        ..Default::default()
    };
    pixmap.stroke_path(&path, &paint(stroke.color), &style, Transform::identity(), None);
}

/// Blends a disc whose rim is one pixel soft: many thousand of them are drawn in the time that a path of them is sorted.
fn disc(pixmap: &mut Pixmap, (x, y): Point, radius: f64, color: Color) {
    let (width, height) = (pixmap.width() as i64, pixmap.height() as i64);
    let reach = radius + 0.5;
    let rows = ((y - reach).floor() as i64).max(0)..((y + reach).ceil() as i64).min(height);
    let columns = ((x - reach).floor() as i64).max(0)..((x + reach).ceil() as i64).min(width);
    let data = pixmap.data_mut();
    for row in rows {
        for column in columns.clone() {
            let distance = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
            let cover = (reach - distance).clamp(0.0, 1.0) * color.opacity;
            if cover > 0.0 {
                let at = 4 * (row * width + column) as usize;
                for (out, ink) in data[at..at + 3].iter_mut().zip([color.red, color.green, color.blue]) {
                    *out = (f64::from(*out) + cover * (f64::from(ink) - f64::from(*out))).round() as u8;
                }
            }
        }
    }
}

struct Glyphs(PathBuilder);

impl Outline for Glyphs {
    fn move_to(&mut self, x: f64, y: f64) {
        self.0.move_to(x as f32, y as f32);
    }
    fn line_to(&mut self, x: f64, y: f64) {
        self.0.line_to(x as f32, y as f32);
    }
    fn quad_to(&mut self, cx: f64, cy: f64, x: f64, y: f64) {
        self.0.quad_to(cx as f32, cy as f32, x as f32, y as f32);
    }
    fn close(&mut self) {
        self.0.close();
    }
}

fn put_text(pixmap: &mut Pixmap, text: &Text, scale: f64) {
    let mut glyphs = Glyphs(PathBuilder::new());
    text::outline(&text.words, &mut glyphs);
    let Some(path) = glyphs.0.finish() else { return };
    let size = text.size * scale;
    let back = size
        * match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * text::width(&text.words),
            Anchor::End => text::width(&text.words),
        };
    let (x, y) = (text.at.0 * scale, text.at.1 * scale);
    let [s, x, y, back] = [size, x, y, back].map(|v| v as f32);
    let transform = match text.turn {
        Turn::Level => Transform::from_row(s, 0.0, 0.0, s, x - back, y),
        Turn::Upwards => Transform::from_row(0.0, -s, s, 0.0, x, y + back),
    };
    pixmap.fill_path(&path, &paint(text.color), FillRule::Winding, transform, None);
}

/// A PNG file of 8-bit RGB from opaque RGBA, each row as the difference to the one above.
fn encoded(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let (from, to) = (4 * width as usize, 3 * width as usize + 1);
    let mut filtered = vec![0; to * height as usize];
    let blank = vec![0; from];
    let mut above: &[u8] = &blank;
    for (line, out) in rgba.chunks_exact(from).zip(filtered.chunks_exact_mut(to)) {
        out[0] = 2;
        let pixels = line.chunks_exact(4).zip(above.chunks_exact(4));
        for ((a, b), out) in pixels.zip(out[1..].chunks_exact_mut(3)) {
            for c in 0..3 {
                out[c] = a[c].wrapping_sub(b[c]);
            }
        }
        above = line;
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    // writing to memory does not fail
    let data = packed.write_all(&filtered).and_then(|()| packed.finish()).unwrap_or_default();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    // pixels a metre
    let density = (SCALE * 72.0 / 0.0254).round() as u32;
    chunk(&mut out, b"pHYs", &[&density.to_be_bytes()[..], &density.to_be_bytes(), &[1]].concat());
    chunk(&mut out, b"IDAT", &data);
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    out.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draw::scene::{Rect, colors};
    use std::io::Read;

    /// Width, height and RGB rows of a file as [`encoded`] writes them.
    fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
        assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
        let (mut at, mut data, mut size) = (8, Vec::new(), (0, 0));
        while at < file.len() {
            let word = |i: usize| u32::from_be_bytes(file[i..i + 4].try_into().unwrap());
            let (length, kind) = (word(at) as usize, &file[at + 4..at + 8]);
            let body = &file[at + 8..at + 8 + length];
            let mut crc = Crc::new();
            crc.update(&file[at + 4..at + 8 + length]);
            assert_eq!(crc.sum(), word(at + 8 + length), "checksum of {kind:?}");
            match kind {
                b"IHDR" => size = (word(at + 8), word(at + 12)),
                b"IDAT" => data.extend(body),
                _ => {}
            }
            at += 12 + length;
        }
        let mut raw = Vec::new();
        flate2::read::ZlibDecoder::new(&data[..]).read_to_end(&mut raw).unwrap();
        let row = 3 * size.0 as usize;
        let mut rgb: Vec<u8> = Vec::new();
        for line in raw.chunks_exact(row + 1) {
            assert_eq!(line[0], 2);
            let above: Vec<u8> = rgb.len().checked_sub(row).map_or_else(|| vec![0; row], |s| rgb[s..].to_vec());
            rgb.extend(line[1..].iter().zip(above).map(|(a, b)| a.wrapping_add(b)));
        }
        (size.0, size.1, rgb)
    }

    #[test]
    fn a_file_decodes_to_what_was_drawn() {
        let mut scene = Scene::new(36.0, 18.0, "test");
        scene.rectangle(Rect::new(0.0, 0.0, 9.0, 18.0), colors::BLUE);
        scene.dots(vec![(27.0, 9.0)], 3.0, colors::VERMILLION);
        scene.words((13.0, 15.0), "I", 14.0, Anchor::Middle);
        let (w, h, rgb) = decoded(&png(&scene, 2.0).unwrap());
        assert_eq!((w, h, rgb.len()), (72, 36, 72 * 36 * 3));
        let pixel = |x: usize, y: usize| -> [u8; 3] { rgb[3 * (y * 72 + x)..][..3].try_into().unwrap() };
        assert_eq!(pixel(5, 30), [0, 114, 178]);
        assert_eq!(pixel(54, 18), [213, 94, 0]);
        assert_eq!(pixel(70, 2), [255, 255, 255]);
        assert!((20..32).any(|x| pixel(x, 24)[0] < 80), "the letter is dark");
        assert_eq!(png(&Scene::new(0.0, 5.0, ""), 1.0), None);
        assert_eq!(png(&Scene::new(1e9, 5.0, ""), 1.0), None);
    }
}
