use crate::{Packed, object_from_json, object_to_json};

fn message(text: &str) -> String {
    Packed::from_json(text).map(|packed| packed.to_json()).expect_err(text).to_string()
}

#[test]
fn errors_name_the_place_and_what_was_expected() {
    for (text, expected) in [
        ("", "expected a JSON value, but the text ends (line 1, column 1)"),
        ("{\"a\":1,}", "expected a key in double quotes, but found '}' (line 1, column 8)"),
        ("{a:1}", "expected a key in double quotes, but found 'a' (line 1, column 2)"),
        ("[1\n 2]", "expected ',' or ']', but found '2' (line 2, column 2)"),
        ("{\"a\" 1}", "expected ':', but found '1' (line 1, column 6)"),
        ("1 2", "expected the end of the text, but found '2' (line 1, column 3)"),
        ("\"é", "expected '\"', but the text ends (line 1, column 3)"),
        (
            "\"\\ud800\"",
            "expected \\u with four hexadecimal digits of a character, but found '\\\\' (line 1, column 2)",
        ),
        (
            "01",
            "expected a decimal number in range, of at most 1000 characters, but found '01' (line 1, column 1)",
        ),
        ("nul", "expected a JSON value, but found 'n' (line 1, column 1)"),
    ] {
        assert_eq!(message(text), expected, "{text}");
    }
}

#[test]
fn hostile_documents_are_refused() {
    assert!(message(&"[".repeat(1_000_000)).contains("levels of nesting"));
    assert!(message(&"9".repeat(5_000)).contains("of at most 1000 characters"));
    let huge = format!("\"{}\"", "x".repeat(9 * 1024 * 1024));
    assert!(message(&huge).contains("bytes of JSON"));
}

#[test]
fn variables_are_an_object() {
    let variables = object_from_json(" {\"b\": 1, \"a\": [2]}\n").expect("an object");
    let pairs = variables.iter().map(|(name, value)| (&**name, value));
    assert_eq!(object_to_json(pairs), r#"{"b":1,"a":[2]}"#);
    for blank in ["", "  ", "\n"] {
        assert_eq!(object_from_json(blank), Ok(Vec::new()));
    }
    for (text, found) in
        [("[]", "an array"), ("null", "null"), ("1.5", "a number"), ("\"\"", "a string")]
    {
        let error = object_from_json(text).expect_err(text).to_string();
        assert!(error.starts_with("expected a JSON object with variables, but found "), "{error}");
        assert!(error.contains(found), "{error}");
    }
}
