//! Widths of text without a font, and breaking it into lines.
//!
//! The widths are those of common sans-serif faces, a little on the wide side: a line that is
//! shorter than thought does no harm, one that is longer leaves its box.

/// Width in pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(character).sum::<f64>() * size
}

/// Width of a character as a part of the font size.
fn character(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '|' | '\'' | '.' | ',' | ':' | ';' | '!' => 0.28,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.90,
        'A'..='Z' => 0.70,
        '0'..='9' => 0.57,
        '\u{300}'..='\u{36f}' => 0.0,
        c if (c as u32) >= 0x1100 => 1.0,
        _ => 0.57,
    }
}

/// Lines of at most `room` pixels, broken at words, and within them where one is too long. When
/// there are more than `most`, the last ends in an ellipsis.
pub(crate) fn wrap(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split(['\n', '\r']).filter(|p| !p.trim().is_empty()) {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            for piece in pieces(word, size, room) {
                let joined =
                    if line.is_empty() { piece.clone() } else { format!("{line} {piece}") };
                if width(&joined, size) <= room || line.is_empty() {
                    line = joined;
                } else {
                    lines.push(std::mem::replace(&mut line, piece));
                }
            }
            if lines.len() > most {
                break;
            }
        }
        lines.push(line);
        if lines.len() > most {
            break;
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while width(last, size) + size > room && last.pop().is_some() {}
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    lines
}

/// A word, cut where it does not fit: after a hyphen or underscore, or before a capital, where it
/// has one.
fn pieces(word: &str, size: f64, room: f64) -> Vec<String> {
    if width(word, size) <= room {
        return vec![word.to_owned()];
    }
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in word.chars() {
        if !piece.is_empty() && width(&piece, size) + character(c) * size > room {
            let after_mark = piece.rfind(['-', '_', '.', '/']).map(|at| at + 1);
            let rest = match after_mark.max(inner_word(&piece, c)).filter(|at| *at > 3) {
                Some(at) => piece.split_off(at),
                None => String::new(),
            };
            pieces.push(std::mem::replace(&mut piece, rest));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// Where the last word of a name like `CoverageChecked` begins; `next` follows the piece.
fn inner_word(piece: &str, next: char) -> Option<usize> {
    let after = piece.char_indices().skip(1).chain([(piece.len(), next)]);
    let pairs = piece.chars().zip(after);
    let starts = pairs.filter(|(a, (_, b))| a.is_lowercase() && b.is_uppercase());
    starts.last().map(|(_, (at, _))| at)
}

/// A count as people read it: 950, 1.2k, 34k, 5.6M.
pub(crate) fn short(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "M"),
        _ => (count as f64 / 1e9, "G"),
    };
    // Rounded down: 999,999 is not a million.
    let text = match value {
        v if v < 10.0 => format!("{:.1}", (v * 10.0).floor() / 10.0),
        v => format!("{:.0}", v.floor()),
    };
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Text for an attribute or an element. Characters that XML does not have are replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        let text = "Check whether all of the articles are in stock";
        let lines = wrap(text, 12.0, 88.0, 9);
        assert!(lines.iter().all(|l| width(l, 12.0) <= 88.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        let cut = wrap(text, 12.0, 88.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && width(&cut[1], 12.0) <= 88.0, "{cut:?}");
        let long = wrap("Donaudampfschifffahrtsgesellschaftskapitän", 12.0, 88.0, 9);
        assert!(long.len() > 2 && long.iter().all(|l| width(l, 12.0) <= 88.0), "{long:?}");
        assert_eq!(wrap("retrieve-payment-and-more", 12.0, 100.0, 9)[0], "retrieve-");
        assert_eq!(wrap("CoverageChecked", 12.0, 88.0, 9), ["Coverage", "Checked"]);
        assert_eq!(wrap("ÄrzteblattGeprüft", 12.0, 88.0, 9), ["Ärzteblatt", "Geprüft"]);
        assert!(wrap("", 12.0, 88.0, 3).is_empty());
        assert_eq!(wrap("x", 12.0, 0.0, 3), ["x"]);
    }

    #[test]
    fn counts_are_short() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (1_250, "1.2k"),
            (34_567, "34k"),
            (999_999, "999k"),
            (5_600_000, "5.6M"),
            (u64::MAX, "18446744073G"),
        ];
        for (count, text) in cases {
            assert_eq!(short(count), text);
        }
    }
}
