//! `grpc-message` with as little encoding as gRPC asks for: `%` and what is not printable ASCII.
//! The library encodes more, and clients in JavaScript decode with `decodeURI`, which leaves `#`
//! and `?` as they are on the wire, so their users would see `%23`.

use axum::body::Body;
use http::{HeaderValue, Response};

const NAME: &str = "grpc-message";

/// Encodes the message of an answer that is only a status anew.
pub async fn plain_message(mut response: Response<Body>) -> Response<Body> {
    if let Some(value) = response.headers().get(NAME)
        && let Ok(value) = HeaderValue::from_bytes(encode(&decode(value.as_bytes())).as_bytes())
    {
        response.headers_mut().insert(NAME, value);
    }
    response
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
}
