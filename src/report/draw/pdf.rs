//! A scene as a PDF document of one page, vector graphics with text that can be searched.
//!
//! Signs are procedures of a Type 3 font, drawn from the same outlines as in pixels, with a table back to Unicode: no font need
//! be embedded, and this file is all that the format costs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::scene::{Anchor, Color, Point, Scene, Shape, Stroke, Text, Turn};
use super::svg::number;
use super::text::{self, Outline, spans};

/// Signs that one font can have.
const MOST_SIGNS: usize = 255;

/// The document.
pub fn pdf(scene: &Scene) -> Vec<u8> {
    let mut page = Page { out: String::new(), signs: BTreeMap::new(), opacities: Vec::new() };
    // y upwards from here on
    let _ = writeln!(page.out, "1 0 0 -1 0 {} cm", scene.height);
    for shape in &scene.shapes {
        page.draw(shape);
    }
    let mut file = File { bytes: b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n".to_vec(), offsets: Vec::new() };
    file.object("<< /Type /Catalog /Pages 2 0 R >>");
    file.object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    let states: String =
        page.opacities.iter().enumerate().map(|(i, o)| format!("/G{i} << /ca {o:.3} /CA {o:.3} >> ")).collect();
    file.object(&format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {:.2} {:.2}] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> \
         /ExtGState << {states}>> >> >>",
        scene.width, scene.height
    ));
    file.stream(page.out.as_bytes());
    let mut signs: Vec<(char, u8)> = page.signs.into_iter().collect();
    signs.sort_by_key(|s| s.1);
    let last = signs.len().max(1);
    let procedures: String = signs.iter().map(|(_, c)| format!("/s{c} {} 0 R ", 7 + usize::from(*c))).collect();
    let names: String = signs.iter().map(|(_, c)| format!("/s{c} ")).collect();
    let widths: String = signs.iter().map(|(s, _)| format!("{:.1} ", 1000.0 * text::width(&s.to_string()))).collect();
    file.object(&format!(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 0 0] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << {procedures}>> \
         /Encoding << /Type /Encoding /Differences [1 {names}] >> /FirstChar 1 /LastChar {last} /Widths [{widths}] \
         /Resources << >> /ToUnicode 6 0 R >>"
    ));
    file.stream(to_unicode(&signs).as_bytes());
    // objects 8 and on, one a sign, codes from 1
    file.object(&format!("<< /Title <{}> /Producer (antumbra) >>", utf16(&scene.title, "FEFF")));
    for (sign, _) in &signs {
        let words = sign.to_string();
        let mut glyph = Glyph { out: format!("{:.1} 0 d0\n", 1000.0 * text::width(&words)), at: (0.0, 0.0) };
        text::outline(&words, &mut glyph);
        glyph.out.push_str("f\n");
        file.stream(glyph.out.as_bytes());
    }
    file.end()
}

fn utf16(words: &str, mark: &str) -> String {
    words.encode_utf16().fold(mark.to_string(), |mut out, unit| {
        let _ = write!(out, "{unit:04X}");
        out
    })
}

fn to_unicode(signs: &[(char, u8)]) -> String {
    let mut out = String::from(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Signs def /CMapType 2 def\n\
         1 begincodespacerange <00> <FF> endcodespacerange\n",
    );
    for chunk in signs.chunks(100) {
        let _ = writeln!(out, "{} beginbfchar", chunk.len());
        for (sign, code) in chunk {
            let _ = writeln!(out, "<{code:02X}> <{}>", utf16(&sign.to_string(), ""));
        }
        out.push_str("endbfchar\n");
    }
    out + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
}

struct File {
    bytes: Vec<u8>,
    offsets: Vec<usize>,
}

impl File {
    fn begin(&mut self) {
        self.offsets.push(self.bytes.len());
        let number = self.offsets.len();
        self.bytes.extend(format!("{number} 0 obj\n").bytes());
    }

    fn object(&mut self, body: &str) {
        self.begin();
        self.bytes.extend(body.bytes());
        self.bytes.extend(b"\nendobj\n");
    }

    fn stream(&mut self, content: &[u8]) {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(3));
        // writing to memory does not fail
        let data = packed.write_all(content).and_then(|()| packed.finish()).unwrap_or_default();
        self.begin();
        self.bytes.extend(format!("<< /Length {} /Filter /FlateDecode >>\nstream\n", data.len()).bytes());
        self.bytes.extend(data);
        self.bytes.extend(b"\nendstream\nendobj\n");
    }

    fn end(mut self) -> Vec<u8> {
        let start = self.bytes.len();
        let n = self.offsets.len() + 1;
        let mut tail = format!("xref\n0 {n}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            let _ = writeln!(tail, "{offset:010} 00000 n ");
        }
        let _ = write!(tail, "trailer\n<< /Size {n} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF\n");
        self.bytes.extend(tail.bytes());
        self.bytes
    }
}

/// Outline of a sign in thousandths, y upwards.
struct Glyph {
    out: String,
    at: Point,
}

impl Outline for Glyph {
    fn move_to(&mut self, x: f64, y: f64) {
        let _ = writeln!(self.out, "{:.0} {:.0} m", 1000.0 * x, -1000.0 * y);
        self.at = (x, y);
    }
    fn line_to(&mut self, x: f64, y: f64) {
        let _ = writeln!(self.out, "{:.0} {:.0} l", 1000.0 * x, -1000.0 * y);
        self.at = (x, y);
    }
    fn quad_to(&mut self, cx: f64, cy: f64, x: f64, y: f64) {
        // a quadratic curve as a cubic one
        let third = |end: f64, control: f64| (end + 2.0 * control) / 3.0;
        let a = (third(self.at.0, cx), third(self.at.1, cy));
        let b = (third(x, cx), third(y, cy));
        let [ax, ay, bx, by, ex, ey] = [a.0, -a.1, b.0, -b.1, x, -y].map(|v| 1000.0 * v);
        let _ = writeln!(self.out, "{ax:.0} {ay:.0} {bx:.0} {by:.0} {ex:.0} {ey:.0} c");
        self.at = (x, y);
    }
    fn close(&mut self) {
        self.out.push_str("h\n");
    }
}

struct Page {
    out: String,
    signs: BTreeMap<char, u8>,
    opacities: Vec<f64>,
}

impl Page {
    fn color(&mut self, color: Color, operator: &str) {
        let [r, g, b] = [color.red, color.green, color.blue].map(|c| f64::from(c) / 255.0);
        let place = self.opacities.iter().position(|o| *o == color.opacity).unwrap_or_else(|| {
            self.opacities.push(color.opacity);
            self.opacities.len() - 1
        });
        let _ = writeln!(self.out, "/G{place} gs {r:.3} {g:.3} {b:.3} {operator}");
    }

    fn stroke(&mut self, stroke: &Stroke, cap: u8) {
        self.color(stroke.color, "RG");
        let dash = stroke.dash.map_or_else(|| "[] 0 d".into(), |(on, off)| format!("[{on} {off}] 0 d"));
        let _ = writeln!(self.out, "{:.2} w {cap} J 1 j {dash}", stroke.width);
    }

    fn path(&mut self, points: &[Point]) {
        for (i, (x, y)) in points.iter().enumerate() {
            number(&mut self.out, *x);
            self.out.push(' ');
            number(&mut self.out, *y);
            self.out.push_str(if i == 0 { " m\n" } else { " l\n" });
        }
    }

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Polyline { points, stroke } => {
                self.stroke(stroke, 0);
                self.path(points);
                self.out.push_str("S\n");
            }
            Shape::Segments { ends, stroke } => {
                self.stroke(stroke, 0);
                ends.iter().for_each(|(from, to)| self.path(&[*from, *to]));
                self.out.push_str("S\n");
            }
            Shape::Area { rings, fill } => {
                self.color(*fill, "rg");
                for ring in rings {
                    self.path(ring);
                    self.out.push_str("h\n");
                }
                self.out.push_str("f*\n");
            }
            Shape::Dots { centres, radius, fill } => {
                self.stroke(&Stroke::solid(*fill, 2.0 * radius), 1);
                // lines without length and with round ends
                centres.iter().for_each(|c| self.path(&[*c, *c]));
                self.out.push_str("S\n");
            }
            Shape::Text(text) => self.text(text),
        }
    }

    fn text(&mut self, t: &Text) {
        let width = t.size * text::width(&t.words);
        let back = match t.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * width,
            Anchor::End => width,
        };
        self.color(t.color, "rg");
        self.out.push_str("BT\n");
        for span in spans(&t.words) {
            let (along, up) = (t.size * span.start - back, t.size * span.rise);
            let size = t.size * span.scale;
            let [a, b, c, d, x, y] = match t.turn {
                Turn::Level => [1.0, 0.0, 0.0, -1.0, t.at.0 + along, t.at.1 - up],
                Turn::Upwards => [0.0, -1.0, -1.0, 0.0, t.at.0 - up, t.at.1 - along],
            };
            let mut codes = String::new();
            for sign in span.words.chars() {
                let next = self.signs.len() + 1;
                let code = match self.signs.get(&sign) {
                    Some(code) => *code,
                    None if next <= MOST_SIGNS => {
                        self.signs.insert(sign, next as u8);
                        next as u8
                    }
                    // a page has far fewer signs
                    None => continue,
                };
                let _ = write!(codes, "{code:02X}");
            }
            let _ = writeln!(self.out, "/F {size:.2} Tf {a} {b} {c} {d} {x:.2} {y:.2} Tm <{codes}> Tj");
        }
        self.out.push_str("ET\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draw::scene::colors;
    use std::io::Read;

    #[test]
    fn every_object_is_where_the_table_says_and_text_maps_back() {
        let mut scene = Scene::new(200.0, 100.0, "R★ sheet");
        scene.words((20.0, 30.0), "R_{p} σ", 10.0, Anchor::Middle);
        scene.dots(vec![(5.0, 6.0)], 2.0, colors::BLUE.with_opacity(0.5));
        let file = pdf(&scene);
        let text = String::from_utf8_lossy(&file).into_owned();
        assert!(text.starts_with("%PDF-1.5") && text.ends_with("%%EOF\n"));
        let start: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert_eq!(&file[start..start + 4], b"xref");
        let table = String::from_utf8(file[start..].to_vec()).unwrap();
        let entries: Vec<usize> =
            table.lines().skip(3).take_while(|l| l.ends_with("n ")).map(|l| l[..10].parse().unwrap()).collect();
        // catalog, pages, page, content, font, table of signs, title, and R, p, blank, σ
        assert_eq!(entries.len(), 11);
        for (i, at) in entries.iter().enumerate() {
            assert!(file[*at..].starts_with(format!("{} 0 obj", i + 1).as_bytes()), "object {}", i + 1);
        }
        let unpacked = |object: usize| {
            let rest = &file[entries[object - 1]..];
            let from = rest.windows(7).position(|w| w == b"stream\n").unwrap() + 7;
            let mut out = String::new();
            flate2::read::ZlibDecoder::new(&rest[from..]).read_to_string(&mut out).unwrap();
            out
        };
        assert!(unpacked(6).contains("<03C3>"), "σ maps back");
        assert!(unpacked(4).contains("5 6 m\n5 6 l") && unpacked(4).contains("Tj"));
        assert!(unpacked(8).contains("d0") && unpacked(8).trim_end().ends_with('f'));
    }
}
