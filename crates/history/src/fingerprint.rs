//! Fingerprints of errors: a thousand incidents with one cause are one line.

/// The text without what differs from one instance to the next: numbers, quoted values, ids.
pub fn normalise(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut word = String::new();
    let mut quote = None;
    for c in message.chars() {
        if let Some(open) = quote {
            if c == open {
                out.push('…');
                out.push(c);
                quote = None;
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' || c == '-' {
            word.push(c);
            continue;
        }
        finish(&mut word, &mut out);
        let starts = out.chars().last().is_none_or(|last| !last.is_alphanumeric());
        if matches!(c, '"' | '\'' | '`') && starts {
            quote = Some(c);
        }
        if !(c.is_whitespace() && out.ends_with(' ')) {
            out.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    finish(&mut word, &mut out);
    out.trim().to_owned()
}

/// A word with digits, or a long hexadecimal one, is a value.
fn finish(word: &mut String, out: &mut String) {
    let digits = word.chars().any(|c| c.is_ascii_digit());
    let hexadecimal = word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if digits || hexadecimal {
        out.push('#');
    } else {
        out.push_str(word);
    }
    word.clear();
}

/// Number of a fingerprint; equal for texts that differ only in values.
pub fn hash(message: &str) -> i32 {
    xxhash_rust::xxh3::xxh3_64(normalise(message).as_bytes()) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_values_are_one() {
        let a = "Order 4711 of 'Ann' failed: timeout after 30s at 10.0.0.7:8080";
        let b = "Order 12 of 'Bob O.' failed: timeout after 5s at 10.0.0.9:8081";
        assert_eq!(normalise(a), "Order # of '…' failed: timeout after # at #.#.#.#:#");
        assert_eq!(hash(a), hash(b));
        assert_ne!(hash(a), hash("Order 4711 of 'Ann' failed: no such order"));
    }

    #[test]
    fn an_apostrophe_is_no_quote_and_an_open_quote_swallows_its_rest() {
        assert_eq!(normalise("can't   connect\nto host"), "can't connect to host");
        assert_eq!(normalise("expected 'abc"), "expected '");
        assert_eq!(normalise(""), "");
    }
}
