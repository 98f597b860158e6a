//! Decimal arithmetic against Python's, which is an implementation of its own: `decimals.py` writes
//! `decimals.txt`. Equal means equal to the last of 34 digits.

use value::{Number, Rounding};

fn number(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("expected a number, but found {text:?}"))
}

fn rounding(name: &str) -> Rounding {
    match name {
        "up" => Rounding::Up,
        "down" => Rounding::Down,
        "half-up" => Rounding::HalfUp,
        "half-down" => Rounding::HalfDown,
        "half-even" => Rounding::HalfEven,
        "floor" => Rounding::Floor,
        "ceiling" => Rounding::Ceiling,
        other => panic!("expected a rounding, but found {other:?}"),
    }
}

fn result(operation: &str, operands: &[Number]) -> Option<Number> {
    match (operation, operands) {
        ("add", [left, right]) => left.add(right),
        ("sub", [left, right]) => left.sub(right),
        ("mul", [left, right]) => left.mul(right),
        ("div", [left, right]) => left.div(right),
        ("modulo", [left, right]) => left.modulo(right),
        ("pow", [base, exponent]) => base.pow(exponent),
        ("sqrt", [only]) => only.sqrt(),
        (rounded, [only]) => {
            let words: Vec<&str> = rounded.split(' ').collect();
            match words[..] {
                ["round", scale, name] => {
                    only.round(scale.parse().expect("a whole number"), rounding(name))
                }
                _ => panic!("expected an operation, but found {rounded:?}"),
            }
        }
        (other, _) => panic!("expected an operation, but found {other:?}"),
    }
}

#[test]
fn arithmetic_agrees_with_another_implementation_to_the_last_digit() {
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in include_str!("decimals.txt").lines() {
        let parts: Vec<&str> = line.split('|').collect();
        let [operation, operands @ .., wanted] = &parts[..] else { panic!("{line}") };
        let operands: Vec<Number> = operands.iter().map(|text| number(text)).collect();
        let found = result(operation, &operands);
        let wanted = (*wanted != "none").then(|| number(wanted));
        rows += 1;
        if found != wanted {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(rows > 2_000, "{rows} rows");
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
}
