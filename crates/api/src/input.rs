//! What both wire formats check in the same words before the engine is asked.

use std::sync::Arc;

use engine::command::DEFAULT_TENANT;
use engine::event::{NamedValue, Text};
use engine::limits::{BUSINESS_ID_CHARS_MAX, NAME_BYTES_MAX, TAGS_MAX};

use crate::failure::Failure;
use crate::limits::{COMMENT_CHARS_MAX, LIST_ITEMS_MAX, TENANT_CHARS_MAX};

/// Single-tenant mode: absent, empty and `<default>` are the same; others are refused.
pub fn tenant(intent: &str, given: &str) -> Result<Text, Failure> {
    if given.is_empty() || given == DEFAULT_TENANT {
        return Ok(DEFAULT_TENANT.into());
    }
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let but = if given.chars().count() > TENANT_CHARS_MAX || !given.chars().all(letters) {
        "tenant identifiers have at most 31 letters, digits, '_', '-' or '.'"
    } else {
        "multi-tenancy is disabled"
    };
    Err(Failure::invalid(format!(
        "Expected to handle request {intent} with tenant identifier '{given}', but {but}"
    )))
}

/// The tenants of an activation; none is the default one.
pub fn tenants(intent: &str, given: &[String]) -> Result<Vec<Text>, Failure> {
    list("tenantIds", given)?;
    for id in given {
        tenant(intent, id)?;
    }
    Ok(vec![DEFAULT_TENANT.into()])
}

/// JSON text of an object; empty text counts as no variables.
pub fn variables(what: &str, json: &str) -> Result<Vec<NamedValue>, Failure> {
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    value::object_from_json(json).map_err(|error| {
        Failure::invalid(format!("Expected {what} to be a JSON object, but {error}"))
    })
}

/// What a header says beside a call: UTF-8 text, in which `%C3%A4` may stand for a character that
/// not every client can put into a header.
pub fn comment(given: &[u8]) -> Result<Text, Failure> {
    let mut bytes = Vec::with_capacity(given.len());
    let mut rest = given;
    while let [first, behind @ ..] = rest {
        let escaped = match behind {
            [high, low, behind @ ..] if *first == b'%' => {
                digit(*high).zip(digit(*low)).map(|(high, low)| (high << 4 | low, behind))
            }
            _ => None,
        };
        let (byte, behind) = escaped.unwrap_or((*first, behind));
        bytes.push(byte);
        rest = behind;
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::invalid("Expected the header grevy-comment to be UTF-8 text, but it is not")
    })?;
    let count = text.chars().count();
    if count > COMMENT_CHARS_MAX {
        return Err(Failure::invalid(format!(
            "Expected the header grevy-comment to have at most {COMMENT_CHARS_MAX} characters, but \
             it has {count}"
        )));
    }
    Ok(text.into())
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| digit.try_into().ok())
}

/// A name that must be there.
pub fn name(what: &str, given: &str) -> Result<Text, Failure> {
    if given.trim().is_empty() {
        return Err(Failure::invalid(format!("Expected {what} to be present, but it is blank")));
    }
    optional_name(what, given)
}

/// A name that may be empty.
pub fn optional_name(what: &str, given: &str) -> Result<Text, Failure> {
    if given.len() > NAME_BYTES_MAX {
        let length = given.len();
        return Err(Failure::invalid(format!(
            "Expected {what} to have at most {NAME_BYTES_MAX} bytes, but it has {length}"
        )));
    }
    Ok(given.into())
}

/// Bounds a list.
pub fn list<T>(what: &str, given: &[T]) -> Result<(), Failure> {
    if given.len() > LIST_ITEMS_MAX {
        let length = given.len();
        return Err(Failure::invalid(format!(
            "Expected {what} to have at most {LIST_ITEMS_MAX} items, but it has {length}"
        )));
    }
    Ok(())
}

/// Names as the engine wants them.
pub fn names(what: &str, given: &[String]) -> Result<Vec<Text>, Failure> {
    list(what, given)?;
    given.iter().map(|item| optional_name(what, item)).collect()
}

/// Tags of an instance.
pub fn tags(given: &[String]) -> Result<Vec<Text>, Failure> {
    if given.len() > TAGS_MAX {
        let length = given.len();
        return Err(Failure::invalid(format!(
            "Expected at most {TAGS_MAX} tags, but {length} were given"
        )));
    }
    let mut tags: Vec<Text> = Vec::with_capacity(given.len());
    for tag in given {
        if !is_tag(tag) {
            return Err(Failure::invalid(format!(
                "Expected a tag to start with a letter and to have at most 100 letters, digits, \
                 '_', '-', ':' or '.', but got '{tag}'"
            )));
        }
        if !tags.iter().any(|known| **known == **tag) {
            tags.push(tag.as_str().into());
        }
    }
    Ok(tags)
}

fn is_tag(tag: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    tag.len() <= 100
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.chars().all(letters)
}

/// A business id; empty is none.
pub fn business_id(given: Option<&str>) -> Result<Option<Text>, Failure> {
    let Some(id) = given.filter(|id| !id.is_empty()) else { return Ok(None) };
    if id.chars().count() > BUSINESS_ID_CHARS_MAX {
        return Err(Failure::invalid(format!(
            "Expected a business id of at most {BUSINESS_ID_CHARS_MAX} characters, but it has {}",
            id.chars().count()
        )));
    }
    Ok(Some(Arc::from(id)))
}

/// An operation reference is positive.
pub fn operation_reference(given: Option<i64>) -> Result<Option<u64>, Failure> {
    match given {
        None => Ok(None),
        Some(reference @ 1..) => Ok(Some(reference as u64)),
        Some(other) => Err(Failure::invalid(format!(
            "Expected operationReference to be greater than 0, but got {other}"
        ))),
    }
}

/// A timeout that must leave time to work.
pub fn positive(what: &str, given: i64) -> Result<i64, Failure> {
    if given < 1 {
        return Err(Failure::invalid(format!(
            "Expected {what} to be greater than zero, but got {given}"
        )));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_text_of_any_language_and_not_endless() {
        let read = |bytes: &[u8]| comment(bytes).map(|text| text.to_string());
        assert_eq!(read(b"shelf 17 is back").unwrap(), "shelf 17 is back");
        assert_eq!(read("Jörg".as_bytes()).unwrap(), "Jörg");
        assert_eq!(read(b"J%C3%B6rg, 100%25").unwrap(), "Jörg, 100%");
        assert_eq!(read(b"100 % of it%").unwrap(), "100 % of it%");
        let endless = "ä".repeat(COMMENT_CHARS_MAX + 1);
        for refused in [&b"J\xF6rg"[..], b"%FF", endless.as_bytes()] {
            let failure = read(refused).unwrap_err();
            assert!(failure.text.starts_with("Expected the header grevy-comment"), "{failure}");
        }
        assert!(read("ä".repeat(COMMENT_CHARS_MAX).as_bytes()).is_ok());
    }

    #[test]
    fn one_tenant_has_four_spellings() {
        for given in [vec![], vec![String::new()], vec![DEFAULT_TENANT.to_string()]] {
            assert_eq!(tenants("ActivateJobs", &given).unwrap(), vec![Text::from(DEFAULT_TENANT)]);
        }
        let refused = tenant("DeployResource", "red").unwrap_err();
        assert!(refused.text.contains("multi-tenancy is disabled"), "{refused}");
        assert!(tenant("DeployResource", "a b").unwrap_err().text.contains("at most 31"));
    }

    #[test]
    fn variables_are_objects_and_may_be_nothing() {
        assert!(variables("variables", "").unwrap().is_empty());
        assert_eq!(variables("variables", " {\"a\": 1}\n").unwrap().len(), 1);
        for wrong in ["[]", "1", "{", "null", "{\"a\":}"] {
            let failure = variables("variables", wrong).unwrap_err();
            assert!(failure.text.starts_with("Expected variables to be a JSON object, but"));
        }
    }

    #[test]
    fn tags_are_few_and_plain() {
        assert_eq!(tags(&["a:b".into(), "a:b".into()]).unwrap().len(), 1);
        assert!(tags(&["1a".into()]).is_err());
        assert!(tags(&vec!["a".to_string(); 11]).is_err());
    }
}
