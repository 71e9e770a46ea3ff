//! Small print below figures.

use super::draw::{Anchor, Scene, Text, Turn, scene::colors, text};

/// Lines of small print at the foot of the page, which grows by them; they are the caption too.
pub(crate) fn add_notes(scene: &mut Scene, notes: &[String]) {
    const SIZE: f64 = 6.8;
    scene.caption = format!("{}. {}", scene.title, notes.join(" "));
    for line in wrapped(&notes.join(" "), (scene.width - 24.0) / SIZE) {
        scene.height += SIZE * 1.35;
        let at = (12.0, scene.height - 4.0);
        let (anchor, turn) = (Anchor::Start, Turn::Level);
        scene.write(Text { at, words: line, size: SIZE, anchor, turn, color: colors::NOTE });
    }
    scene.height += 4.0;
}

/// Lines no wider than `width` at size 1.
pub(crate) fn wrapped(words: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text::width(&format!("{line} {word}")) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}
