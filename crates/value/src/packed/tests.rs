use super::Packed;
use crate::{Number, Value};
use proptest::prelude::*;

fn packed(json: &str) -> Packed {
    Packed::from_json(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn json_round_trips_with_its_digits_and_order() {
    for json in [
        "null",
        "true",
        "0",
        "-1",
        "-33",
        "-129",
        "-32769",
        "-2147483649",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1.10",
        "-0",
        "-0.0",
        "1e3",
        "1234567890123456789012345678901234567890",
        r#""""#,
        r#""a\"\\\n\u0001é😀""#,
        "[]",
        "[1,[2,[3]],{}]",
        r#"{"z":1,"a":{"b":[true,null]}}"#,
    ] {
        let first = packed(json);
        assert_eq!(first.to_json(), json);
        assert_eq!(Packed::from_bytes(first.as_bytes()), Ok(first));
    }
    assert_eq!(packed(r#" "\ud83d\ude00\/\b" "#).to_json(), r#""😀/\b""#);
}

#[test]
fn a_repeated_key_has_its_last_value() {
    assert_eq!(packed(r#"{"a":1,"b":[2],"a":{"c":3}}"#).to_json(), r#"{"a":{"c":3},"b":[2]}"#);
    let many: Vec<String> = (0..100).map(|n| format!("\"k{}\":{n}", n % 40)).collect();
    let context = packed(&format!("{{{}}}", many.join(",")));
    assert_eq!(context.entries().map(|entries| entries.len()), Some(40));
    assert_eq!(context.get(&["k7"]), Some(Value::from(87)));
}

#[test]
fn large_containers_get_longer_heads() {
    for count in [15usize, 16, 65_535, 65_536] {
        let items: Vec<String> = (0..count).map(|n| (n % 7).to_string()).collect();
        let json = format!("[[{}],1]", items.join(","));
        assert_eq!(packed(&json).to_json(), json);
        assert!(Packed::from_bytes(packed(&json).as_bytes()).is_ok());
    }
}

#[test]
fn paths_decode_only_their_part() {
    let order = packed(r#"{"order":{"id":"7","items":[{"n":1},{"n":2},3]},"x":null}"#);
    assert_eq!(order.get(&["order", "id"]), Some(Value::from("7")));
    assert_eq!(order.get(&["order", "missing"]), None);
    assert_eq!(order.get(&["x"]), Some(Value::Null));
    assert_eq!(order.get(&["x", "y"]), None);
    assert_eq!(
        order.get(&["order", "items", "n"]),
        Some(Value::list(vec![Value::from(1), Value::from(2), Value::Null]))
    );
    assert_eq!(order.get(&[]), Some(order.to_value()));
}

#[test]
fn foreign_bytes_are_refused() {
    for bytes in [
        &[][..],
        &[0xc1],
        &[0xcc, 1],
        &[0x92, 1],
        &[1, 2],
        &[0x81, 1, 2],
        &[0xa1, 0xff],
        &[0xca, 0, 0, 0, 0],
        &[0xc7, 1, 1, b'x'],
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(Packed::from_bytes(bytes).is_err(), "{bytes:x?}");
    }
    assert!(Packed::from_bytes(&[0x91; 100_000]).is_err());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (any::<i64>(), 0u8..10).prop_map(|(n, scale)| Value::Number(Number::new(n, scale))),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::list),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..20)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<crate::Context>())),
        ]
    })
}

proptest! {
    #[test]
    fn values_survive(value in value()) {
        let packed = Packed::from_value(&value);
        prop_assert_eq!(&packed.to_value(), &value);
        prop_assert_eq!(Packed::from_bytes(packed.as_bytes()), Ok(packed.clone()));
        prop_assert_eq!(Packed::from_json(&packed.to_json()), Ok(packed));
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(packed) = Packed::from_bytes(&bytes) {
            prop_assert_eq!(Packed::from_json(&packed.to_json()).map(|p| p.to_value()), Ok(packed.to_value()));
        }
    }

    #[test]
    fn any_text_is_json_or_an_error(text in "[\\[\\]{}:,\"\\\\0-9eE.+ \\-a-u]{0,40}") {
        if let Ok(packed) = Packed::from_json(&text) {
            prop_assert_eq!(Packed::from_json(&packed.to_json()), Ok(packed));
        }
    }
}

#[test]
fn only_numbers_as_json_writes_them_are_digits() {
    let packed = |digits: &str| {
        let mut bytes = vec![0xc7, digits.len() as u8, 1];
        bytes.extend(digits.as_bytes());
        Packed::from_bytes(&bytes).map(|packed| packed.to_json())
    };
    for right in ["1.5", "-0.10", "1e400", "1.5E-7", "12345678901234567890123"] {
        assert_eq!(packed(right).as_deref(), Ok(right));
    }
    for wrong in ["055554", ".55555", "5.", "1e", "+1.5", "1_0.5", "--1"] {
        assert!(packed(wrong).is_err(), "{wrong}");
    }
}
