use super::{Number, Rounding};
use proptest::prelude::*;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("not a number: {text}"))
}

#[test]
fn text_keeps_its_digits() {
    for text in [
        "0",
        "1.10",
        "-0.50",
        "9223372036854775807",
        "123456789012345678901234567890.1234",
        "1234567890123456789012345678901234567890",
        "0.000000000000000000000000001",
    ] {
        assert_eq!(number(text).to_string(), text);
    }
    assert_eq!(number("1e3").to_string(), "1000");
    assert_eq!(number("0e25").to_string(), "0");
    assert_eq!(number("-0e-300").to_string(), "0");
    assert_eq!(number("1e400").to_string(), "1E+400");
}

#[test]
fn other_text_is_refused() {
    for text in ["", "-", ".", "1.", "1e", "1e+", "+1", "0x1", "1_0", "1e9999999", "NaN", "١"] {
        assert!(Number::parse(text).is_none(), "{text}");
    }
}

#[test]
fn results_carry_no_trailing_zeros() {
    let check = |left: &str, right: &str, sum: &str, product: &str| {
        assert_eq!(number(left).add(&number(right)).unwrap().to_string(), sum);
        assert_eq!(number(left).mul(&number(right)).unwrap().to_string(), product);
    };
    check("1.10", "2.20", "3.3", "2.42");
    check("0.5", "1.5", "2", "0.75");
    check("9223372036854775807", "1", "9223372036854775808", "9223372036854775807");
    check("1e30", "1", "1000000000000000000000000000001", "1000000000000000000000000000000");
}

#[test]
fn division_has_34_digits() {
    let third = number("1").div(&number("3")).unwrap();
    assert_eq!(third.to_string(), "0.3333333333333333333333333333333333");
    assert_eq!(number("1").div(&number("4")).unwrap().to_string(), "0.25");
    assert_eq!(number("2").div(&number("3")).unwrap().to_string().len(), 36);
    assert!(number("1").div(&Number::ZERO).is_none());
}

#[test]
fn modulo_has_the_sign_of_the_divisor() {
    for (left, right, rest) in [
        ("10", "4", "2"),
        ("10", "-4", "-2"),
        ("-10", "4", "2"),
        ("-10", "-4", "-2"),
        ("10.1", "4.5", "1.1"),
    ] {
        assert_eq!(number(left).modulo(&number(right)).unwrap(), number(rest), "{left} {right}");
    }
}

#[test]
fn rounding_follows_the_standard() {
    for (text, scale, rounding, expected) in [
        ("5.5", 0, Rounding::Up, "6"),
        ("-5.5", 0, Rounding::Up, "-6"),
        ("1.121", 2, Rounding::Up, "1.13"),
        ("5.5", 0, Rounding::Down, "5"),
        ("2.5", 0, Rounding::HalfEven, "2"),
        ("2.5", 0, Rounding::HalfUp, "3"),
        ("-2.5", 0, Rounding::HalfDown, "-2"),
        ("-1.5", 0, Rounding::Floor, "-2"),
        ("-1.5", 0, Rounding::Ceiling, "-1"),
        ("1234", -2, Rounding::HalfEven, "1200"),
        ("0.3333333333333333333333333333333333", 2, Rounding::HalfEven, "0.33"),
    ] {
        assert_eq!(number(text).round(scale, rounding).unwrap(), number(expected), "{text}");
    }
}

#[test]
fn powers_at_the_ends_of_the_range_are_numbers_or_none() {
    let bases = [
        "0",
        "1",
        "-1",
        "0.5",
        "-7",
        "9.99",
        "1e34",
        "-1e-34",
        "1e3000",
        "-1e6144",
        "1e-6176",
        "9999999999999999999999999999999999e6111",
    ];
    let exponents = [
        "0.5",
        "1",
        "2",
        "3",
        "33",
        "1000",
        "6144",
        "6145",
        "14149",
        "14221",
        "99999",
        "2147483647",
        "2147483648",
        "1e20",
        "1e6144",
        "1e-6176",
    ];
    for base in bases.map(number) {
        for exponent in exponents.map(number) {
            for exponent in [exponent.neg(), exponent] {
                let power = base.pow(&exponent);
                let power = power.filter(|power| !power.is_zero());
                if let (Some(power), Some(1..=3)) = (&power, exponent.to_i64()) {
                    let mut product = Number::ONE;
                    for _ in 0..exponent.to_i64().unwrap() {
                        product = product.mul(&base).unwrap();
                    }
                    assert_eq!(power, &product, "{base} {exponent}");
                }
                let exp = exponent.exp();
                assert!(exp.is_none_or(|exp| !exp.is_negative()), "{exponent}");
                if base.is_zero() && exponent.is_negative() {
                    assert!(power.is_none(), "{base} {exponent}");
                }
            }
        }
    }
}

#[test]
fn powers_and_roots() {
    assert_eq!(number("2").pow(&number("10")).unwrap(), number("1024"));
    assert_eq!(number("2").pow(&number("-1")).unwrap(), number("0.5"));
    assert!(number("0").pow(&number("-1")).is_none());
    assert_eq!(number("16").sqrt().unwrap(), number("4"));
    assert!(number("-1").sqrt().is_none());
    assert!(number("0").ln().is_none());
    assert!(number("100000").exp().is_none());
    assert_eq!(number("-100000").exp().unwrap(), Number::ZERO);
    assert_eq!(number("-3").pow(&number("3")).unwrap(), number("-27"));
    assert_eq!(number("-2").pow(&number("-2")).unwrap(), number("0.25"));
    assert!(number("-10000").pow(&number("14149")).is_none());
    assert_eq!(number("-10000").pow(&number("-10000")).unwrap(), Number::ZERO);
    assert!(number("1e-20").pow(&number("-10000")).is_none());
    assert!(number("-1e-6176").pow(&number("-14149")).is_none());
    assert!(number("-2").pow(&number("-0.5")).is_none());
    assert!(number("-0.5").pow(&number("0.5")).is_none());
    assert!(number("0").pow(&number("-0.5")).is_none());
}

#[test]
fn numbers_end_at_the_same_power_in_every_operation() {
    let large = number("9e6144");
    assert_eq!(large.mul(&number("1")), Some(large.clone()));
    for beyond in [large.mul(&number("10")), large.add(&large), large.div(&number("0.1"))] {
        assert_eq!(beyond, None);
    }
    assert_eq!(number("1e6144").mul(&number("1e6144")), None);
    assert_eq!(number("10").pow(&number("6145")), None);
}

#[test]
fn roots_reach_as_far_as_numbers() {
    for (square, root) in
        [("4e308", "2e154"), ("4e6000", "2e3000"), ("4e-400", "2e-200"), ("0", "0")]
    {
        assert_eq!(number(square).sqrt(), Some(number(root)), "{square}");
    }
    let two = "1.414213562373095048801688724209698";
    assert_eq!(number("2").sqrt(), Some(number(two)));
    assert_eq!(number("2e400").sqrt(), Some(number(&format!("{two}e200"))));
}

/// The values of an independent implementation of decimal arithmetic (libmpdec), 34 digits. A
/// power, an exponential or a logarithm may differ in the last one.
#[test]
fn powers_and_logarithms_are_those_of_another_implementation() {
    for (function, operand, exponent, expected) in [
        ("exp", "1", "", "2.718281828459045235360287471352662"),
        ("exp", "0.5", "", "1.648721270700128146848650787814164"),
        ("exp", "-3.7", "", "0.02472352647033939120275738298340263"),
        ("exp", "100", "", "2.688117141816135448412625551580014E+43"),
        ("exp", "-800.2734060014312518", "", "2.790459731283502859197223341713866E-348"),
        ("exp", "0.00000000093821", "", "1.000000000938210000440119002187641"),
        ("exp", "3000.25", "", "9.817916411049188507990579955431920E+1302"),
        ("ln", "2", "", "0.6931471805599453094172321214581766"),
        ("ln", "10", "", "2.302585092994045684017991454684364"),
        ("ln", "0.001", "", "-6.907755278982137052053974364053093"),
        ("ln", "123456.789", "", "11.72364648718588098113995898391011"),
        ("ln", "1.000000000000000001", "", "9.999999999999999995000000000000000E-19"),
        ("ln", "0.9999999999999999", "", "-1.000000000000000050000000000000003E-16"),
        ("ln", "1.0099", "", "0.009851316050374182727989001619483628"),
        ("ln", "98765432109876543210987654321", "", "66.76254517694126768321538093221469"),
        ("pow", "1.19", "100", "35867089.72797072439157962589261275"),
        ("pow", "0.000000152874535752", "-17", "7.350255400703286362356293250583022E+115"),
        ("pow", "2", "0.5", "1.414213562373095048801688724209698"),
        ("pow", "3.5", "-2.25", "0.05968248536400201721979903535961808"),
        ("pow", "10", "1000", "1.000000000000000000000000000000000E+1000"),
    ] {
        let (operand, expected) = (number(operand), number(expected));
        let found = match function {
            "exp" => operand.exp(),
            "ln" => operand.ln(),
            _ => operand.pow(&number(exponent)),
        };
        let found = found.unwrap_or_else(|| panic!("{function} {operand} {exponent}"));
        let off = found.sub(&expected).and_then(|off| off.abs().div(&expected.abs())).unwrap();
        assert!(off <= number("1e-33"), "{function} {operand} {exponent}: {found}, not {expected}");
    }
}

proptest! {
    /// Against `i128`, in which every sum and product of these fits.
    #[test]
    fn small_arithmetic_is_exact(a in -1_000_000_000_000_i64..1_000_000_000_000, b: i32, s in 0u8..9, t in 0u8..9) {
        let (x, y) = (Number::new(a, s), Number::new(i64::from(b), t));
        let common = 9u32;
        let raise = |n: i64, scale: u8| i128::from(n) * 10i128.pow(common - u32::from(scale));
        let sum = x.add(&y).unwrap();
        let expected = raise(a, s) + raise(i64::from(b), t);
        prop_assert_eq!(sum, number(&format!("{expected}e-9")));
        let product = x.mul(&y).unwrap();
        let expected = i128::from(a) * i128::from(b);
        prop_assert_eq!(product, number(&format!("{expected}e-{}", s + t)));
        prop_assert_eq!(x.cmp(&y), raise(a, s).cmp(&raise(i64::from(b), t)));
    }

    #[test]
    fn text_round_trips(a: i64, s in 0u8..19) {
        let written = Number::new(a, s).to_string();
        prop_assert_eq!(number(&written), Number::new(a, s));
        prop_assert_eq!(number(&written).to_string(), written);
    }

    #[test]
    fn any_text_is_a_number_or_none(text in "[-+.0-9eE]{0,60}") {
        let _ = Number::parse(&text).map(|n| n.to_string());
    }
}
