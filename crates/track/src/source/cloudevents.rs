//! CloudEvents 1.0 as HTTP and other transports carry them: structured (JSON format, section 3),
//! batched (JSON format, section 4) and binary (HTTP protocol binding, section 3.1). Whatever the
//! mode, what comes out is the structured form, so that one mapping serves all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::limits::{BATCH_EVENTS_MAX, RECORD_BYTES_MAX, RECORD_FIELDS_MAX};

/// One event of a body, or why it is none.
pub type Parsed = Result<Value, String>;

/// What a transport hands over.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    pub content_type: &'a str,
    pub bytes: &'a [u8],
}

/// The events of one message. Only `ce-` headers are read; their names in any case.
///
/// # Errors
/// When nothing in the body can be told apart, e.g. text that is no JSON. One bad event of a batch
/// is an error inside the answer.
pub fn parse<'h>(
    body: Body<'_>,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
) -> Result<Vec<Parsed>, String> {
    let media = body.content_type.split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    match media.as_str() {
        "application/cloudevents-batch+json" => batch(body.bytes),
        "application/cloudevents+json" => Ok(vec![bounded(body.bytes)?.and_then(event)]),
        other if other.starts_with("application/cloudevents") => {
            Err(format!("expected the JSON format of CloudEvents, but the content type is {other}"))
        }
        _ => binary(body, &media, headers),
    }
}

fn bounded(bytes: &[u8]) -> Result<Parsed, String> {
    if bytes.len() > RECORD_BYTES_MAX {
        let have = bytes.len();
        return Err(format!(
            "expected at most {RECORD_BYTES_MAX} bytes an event, but there are {have}"
        ));
    }
    Ok(serde_json::from_slice(bytes).map_err(|e| format!("expected JSON, but {e}")))
}

fn batch(bytes: &[u8]) -> Result<Vec<Parsed>, String> {
    let events: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(bytes)
        .map_err(|e| format!("expected a JSON array of events, but {e}"))?;
    if events.len() > BATCH_EVENTS_MAX {
        let have = events.len();
        return Err(format!(
            "expected at most {BATCH_EVENTS_MAX} events a batch, but there are {have}"
        ));
    }
    Ok(events.iter().map(|raw| bounded(raw.get().as_bytes())?.and_then(event)).collect())
}

/// Checks what section 2.3 of the specification requires.
fn event(value: Value) -> Parsed {
    let Value::Object(members) = &value else {
        return Err("expected a CloudEvent, but there is no JSON object".to_owned());
    };
    for required in ["specversion", "id", "source", "type"] {
        match members.get(required) {
            Some(Value::String(text)) if !text.is_empty() => {}
            _ => return Err(format!("expected attribute {required}, but there is no text in it")),
        }
    }
    match members["specversion"].as_str() {
        Some("1.0") => Ok(value),
        other => Err(format!("expected specversion 1.0, but there is {}", other.unwrap_or(""))),
    }
}

fn binary<'h>(
    body: Body<'_>,
    media: &str,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
) -> Result<Vec<Parsed>, String> {
    let mut members = Map::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if let Some(attribute) = name.strip_prefix("ce-")
            // What the body and its type say.
            && !matches!(attribute, "data" | "data_base64" | "datacontenttype")
            && members.len() < RECORD_FIELDS_MAX
        {
            members.insert(attribute.to_owned(), percent_decoded(value).into());
        }
    }
    if members.is_empty() {
        return Err(format!(
            "expected a CloudEvent, but there are no ce- headers and the content type is \
             {media:?}: send application/cloudevents+json, application/cloudevents-batch+json \
             (an array), or application/json with the attributes in ce- headers"
        ));
    }
    if !media.is_empty() {
        members.insert("datacontenttype".into(), body.content_type.into());
    }
    if let Some((name, data)) = payload(body, media)? {
        members.insert(name.to_owned(), data);
    }
    Ok(vec![event(Value::Object(members))])
}

/// What a body is in the JSON format (its section 3.1.1): JSON as it is, other text as a string,
/// other bytes in base64; an event without a body has no data.
fn payload(body: Body<'_>, media: &str) -> Result<Option<(&'static str, Value)>, String> {
    let Body { bytes, .. } = body;
    let is_json = media.ends_with("/json") || media.ends_with("+json");
    if bytes.is_empty() {
        return Ok(None);
    }
    if is_json {
        return bounded(bytes)?.map(|data| Some(("data", data)));
    }
    if bytes.len() > RECORD_BYTES_MAX {
        let have = bytes.len();
        return Err(format!(
            "expected at most {RECORD_BYTES_MAX} bytes an event, but there are {have}"
        ));
    }
    Ok(Some(match std::str::from_utf8(bytes) {
        Ok(text) => ("data", text.into()),
        Err(_) => ("data_base64", STANDARD.encode(bytes).into()),
    }))
}

/// HTTP binding, section 3.1.3.2: `%` and two hex digits stand for a byte.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.trim().as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structured(content_type: &str, text: &str) -> Result<Vec<Parsed>, String> {
        parse(Body { content_type, bytes: text.as_bytes() }, std::iter::empty())
    }

    const ORDER: &str =
        r#"{"specversion":"1.0","id":"1","source":"Checkout","type":"OrderPlaced"}"#;

    #[test]
    fn the_three_modes_give_the_same_event() {
        let one = structured("application/cloudevents+json; charset=utf-8", ORDER).unwrap();
        let many = format!("[{ORDER},{{\"id\":\"2\"}}]");
        let many = structured("application/cloudevents-batch+json", &many).unwrap();
        assert_eq!(one[0], many[0]);
        let reason = many[1].as_ref().unwrap_err();
        assert_eq!(reason, "expected attribute specversion, but there is no text in it");
        let headers = [
            ("ce-specversion", "1.0"),
            ("Ce-Id", "1"),
            ("CE-SOURCE", "Check%6Fut"),
            ("ce-type", "OrderPlaced"),
        ];
        let body = Body { content_type: "application/json", bytes: br#"{"n":1}"# };
        let binary = parse(body, headers.into_iter()).unwrap();
        let mut binary = binary[0].clone().unwrap();
        assert_eq!(binary["data"]["n"], 1);
        let members = binary.as_object_mut().unwrap();
        members.remove("data");
        members.remove("datacontenttype");
        assert_eq!(Value::Object(members.clone()), *one[0].as_ref().unwrap());
    }

    #[test]
    fn a_binary_event_may_carry_anything_or_nothing() {
        let headers =
            || [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t")];
        let event = |content_type: &str, bytes: &[u8]| {
            let parsed = parse(Body { content_type, bytes }, headers().into_iter())?;
            parsed[0].clone()
        };
        let png = event("image/png", &[0x89, b'P', 0xff, 0]).unwrap();
        assert_eq!(
            (&png["data_base64"], &png["datacontenttype"]),
            (&"iVD/AA==".into(), &"image/png".into())
        );
        assert_eq!(png.get("data"), None);
        assert_eq!(event("text/plain", b"hello").unwrap()["data"], "hello");
        assert_eq!(event("application/xml", b"<a/>").unwrap()["data"], "<a/>");
        assert_eq!(event("text/json; charset=utf-8", b"[1]").unwrap()["data"][0], 1);
        for media in ["", "application/json", "application/octet-stream", "text/plain"] {
            let event = event(media, b"").unwrap();
            assert!(event.get("data").is_none() && event.get("data_base64").is_none(), "{media}");
        }
        let told = event("application/json", b"{").unwrap_err();
        assert!(told.starts_with("expected JSON, but"), "{told}");
        let long = vec![0xff; RECORD_BYTES_MAX + 1];
        assert!(event("image/png", &long).unwrap_err().contains("at most"));
    }

    #[test]
    fn what_is_no_cloud_event_says_why() {
        let reason = |content_type, text| match structured(content_type, text) {
            Err(reason) => reason,
            Ok(events) => events[0].clone().unwrap_err(),
        };
        assert!(reason("application/cloudevents+json", "{").starts_with("expected JSON, but"));
        assert!(reason("application/cloudevents+xml", "<e/>").contains("+xml"));
        let told = reason("text/plain", "x");
        assert!(told.contains("no ce- headers") && told.contains("cloudevents-batch+json"));
        let old = ORDER.replace("1.0", "0.3");
        assert_eq!(
            reason("application/cloudevents+json", &old),
            "expected specversion 1.0, but there is 0.3"
        );
    }
}
