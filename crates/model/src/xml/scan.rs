//! One pass over the text before any tree is built, so that a hostile file is refused before it
//! costs memory or quadratic time (the XML parser compares the attributes of an element pairwise).

use crate::codes;
use crate::limits::{XML_ATTRIBUTES_MAX, XML_DEPTH_MAX, XML_NODES_MAX};

/// Why the file is refused: code, byte offset, message.
pub(crate) type Refusal = (&'static str, usize, String);

/// Checks depth, count of tags, attributes and document types. Text that is not well-formed
/// passes; the parser says better what is wrong with it.
pub(crate) fn scan(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut tags) = (0, 0_usize, 0_usize);
    while let Some(open) = find(bytes, at, b"<") {
        let rest = &bytes[open..];
        at = match rest {
            [b'<', b'!', b'-', b'-', ..] => end(bytes, open + 4, b"-->"),
            [b'<', b'?', ..] => end(bytes, open + 2, b"?>"),
            _ if rest.starts_with(b"<![CDATA[") => end(bytes, open + 9, b"]]>"),
            [b'<', b'!', ..] => {
                let message = "expected a file without document type, but it has one; \
                               remove the <!DOCTYPE …> part";
                return Err((codes::DOCUMENT_TYPE, open, message.into()));
            }
            [b'<', b'/', ..] => {
                depth = depth.saturating_sub(1);
                end(bytes, open + 2, b">")
            }
            _ => {
                tags += 1;
                let tag = tag(bytes, open + 1);
                if tag.attributes > XML_ATTRIBUTES_MAX {
                    return Err(too_many(open, "attributes", XML_ATTRIBUTES_MAX));
                }
                depth += usize::from(!tag.closed);
                tag.end
            }
        };
        if tags > XML_NODES_MAX {
            return Err(too_many(open, "XML elements", XML_NODES_MAX));
        }
        if depth > XML_DEPTH_MAX {
            return Err(too_many(open, "levels of nested XML elements", XML_DEPTH_MAX));
        }
    }
    Ok(())
}

fn too_many(at: usize, what: &str, max: usize) -> Refusal {
    (codes::TOO_COMPLEX, at, format!("expected at most {max} {what}, but there are more"))
}

struct Tag {
    end: usize,
    closed: bool,
    attributes: usize,
}

fn tag(bytes: &[u8], start: usize) -> Tag {
    let mut at = start;
    let mut attributes = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return Tag { end: at + 1, closed: bytes[at - 1] == b'/', attributes },
            b'"' | b'\'' => {
                attributes += 1;
                at = end(bytes, at + 1, &[byte]);
            }
            _ => at += 1,
        }
    }
    Tag { end: bytes.len(), closed: true, attributes }
}

fn end(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    find(bytes, from, mark).map_or(bytes.len(), |at| at + mark.len())
}

fn find(bytes: &[u8], from: usize, mark: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let (first, others) = mark.split_first()?;
    let mut at = 0;
    // A mark begins rarely, so that most of the work is the search for its first byte.
    while let Some(next) = rest[at..].iter().position(|b| b == first) {
        if rest[at + next + 1..].starts_with(others) {
            return Some(from + at + next);
        }
        at += next + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_grows() {
        assert!(scan("<a><!-- <b> --><![CDATA[<c>]]><?x <d>?><e f='<>'/></a>").is_ok());
        let deep = "<a>".repeat(XML_DEPTH_MAX + 1);
        assert!(scan(&deep).is_err_and(|(code, _, _)| code == codes::TOO_COMPLEX));
        assert!(scan(&"<a></a>".repeat(XML_DEPTH_MAX + 1)).is_ok());
        let wide = format!("<a {}>", "b='c' ".repeat(XML_ATTRIBUTES_MAX + 1));
        assert!(scan(&wide).is_err_and(|(_, _, m)| m.contains("attributes")));
        let many = "<a/>".repeat(XML_NODES_MAX + 1);
        assert!(scan(&many).is_err_and(|(_, _, m)| m.contains("XML elements")));
        assert!(scan("<!DOCTYPE a><a/>").is_err_and(|(code, _, _)| code == codes::DOCUMENT_TYPE));
        assert!(scan("<a b=\"").is_ok() && scan("<").is_ok() && scan("").is_ok());
    }
}
