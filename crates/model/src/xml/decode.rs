//! The encodings that editors write: UTF-8, UTF-16 with a byte order mark, ISO-8859-1 and ASCII.

use std::borrow::Cow;

/// Text of the file, or why its bytes are no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        _ => match declared(bytes).as_deref() {
            None | Some("utf-8") => utf8(bytes),
            Some("iso-8859-1" | "latin1" | "us-ascii" | "ascii" | "windows-1252") => {
                // Many editors declare one of these and then write UTF-8 all the same.
                Ok(utf8(bytes).unwrap_or_else(|_| bytes.iter().map(|&b| b as char).collect()))
            }
            Some(other) => Err(format!(
                "expected the encoding UTF-8, UTF-16 or ISO-8859-1, but the file declares {other:?}"
            )),
        },
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|e| format!("expected UTF-8, but the byte at offset {} is none", e.valid_up_to()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, String> {
    if !bytes.len().is_multiple_of(2) {
        return Err("expected UTF-16, but the file has an odd number of bytes".into());
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map(Cow::Owned)
        .map_err(|_| "expected UTF-16, but half of a character pair is missing".into())
}

/// `encoding` of the XML declaration, lower case.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(200)];
    let head: String = head.iter().map(|&b| b as char).collect();
    let declaration = head.strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_encoding() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xE9'/>";
        assert!(decode(latin).is_ok_and(|t| t.contains("b='\u{e9}'")));
        let mut wide = vec![0xFF, 0xFE];
        wide.extend("<é/>".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decode(&wide).as_deref(), Ok("<é/>"));
        wide.push(0);
        assert!(decode(&wide).is_err_and(|e| e.contains("odd")));
        assert_eq!(decode(b"\xEF\xBB\xBF<a/>").as_deref(), Ok("<a/>"));
        assert!(decode(b"<?xml encoding=\"EBCDIC\"?>").is_err_and(|e| e.contains("ebcdic")));
        assert!(decode(b"<a\xFF/>").is_err_and(|e| e.contains("offset 2")));
    }
}
