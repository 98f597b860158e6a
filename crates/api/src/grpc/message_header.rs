//! `grpc-message` with as little encoding as gRPC asks for: `%` and what is not printable ASCII.
//! The library encodes more, and clients in JavaScript decode with `decodeURI`, which leaves `#`
//! and `?` as they are on the wire, so their users would see `%23`.

use axum::body::Body;
use http::{HeaderValue, Response};
use tonic::Code;

use crate::limits::GRPC_MESSAGE_BYTES_MAX;

const NAME: &str = "grpc-message";
const STATUS: &str = "grpc-status";

/// Encodes the message of an answer that is only a status anew. What the library calls an internal
/// error because it could not read the request is the caller's.
pub async fn plain_message(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    let Some(value) = headers.get(NAME) else { return response };
    let mut text = decode(value.as_bytes());
    let code = headers.get(STATUS).map(|code| Code::from_bytes(code.as_bytes()));
    if let Some((code, blamed)) = code.and_then(|code| blamed(code, &text)) {
        headers.insert(STATUS, HeaderValue::from(code as i32));
        text = blamed.into_bytes();
    }
    if let Ok(value) = HeaderValue::from_bytes(encode(&text).as_bytes()) {
        headers.insert(NAME, value);
    }
    response
}

/// Code and text for a request that could not be read; `None` for every other answer.
fn blamed(code: Code, text: &[u8]) -> Option<(Code, String)> {
    let text = std::str::from_utf8(text).ok()?;
    let unread =
        ["failed to decode Protobuf", "Error decompressing", "Unexpected EOF", "protocol error: "];
    match code {
        Code::Internal if unread.iter().any(|start| text.starts_with(start)) => {
            let text = format!("Expected a request that can be read, but {text}");
            Some((Code::InvalidArgument, text))
        }
        Code::Internal if text == "Missing request message." => {
            let text = "Expected a request message, but there is none".to_owned();
            Some((Code::InvalidArgument, text))
        }
        Code::OutOfRange => {
            let size = text.split(' ').find(|word| word.chars().all(|c| c.is_ascii_digit()));
            let size = size.map_or_else(|| "more".to_owned(), |size| format!("{size} bytes"));
            let text = format!(
                "Expected a request of at most {GRPC_MESSAGE_BYTES_MAX} bytes, but it has {size}"
            );
            Some((Code::ResourceExhausted, text))
        }
        _ => None,
    }
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((16 * high + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'%' => encoded.push(char::from(*byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_percent_and_unprintable_bytes_are_encoded() {
        let text = "Command 'X' #1? \"50 %\": größer\n";
        let plain = encode(text.as_bytes());
        assert_eq!(plain, "Command 'X' #1? \"50 %25\": gr%C3%B6%C3%9Fer%0A");
        assert_eq!(decode(plain.as_bytes()), text.as_bytes());
        assert_eq!(decode(b"%zz%4"), b"%zz%4");
    }

    #[test]
    fn what_cannot_be_read_is_the_callers_fault_and_a_bug_is_ours() {
        let code = |code, text: &str| blamed(code, text.as_bytes()).map(|(code, _)| code);
        let broken = "failed to decode Protobuf message: invalid wire type";
        assert_eq!(code(Code::Internal, broken), Some(Code::InvalidArgument));
        let long = "Error, decoded message length too large";
        assert_eq!(code(Code::OutOfRange, long), Some(Code::ResourceExhausted));
        assert_eq!(code(Code::Internal, "an answer of another kind"), None);
        assert_eq!(code(Code::NotFound, broken), None);
    }
}
