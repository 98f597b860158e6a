//! Numbers from and to text.

use super::{CONTEXT, Number, Repr, SCALE_MAX, Wide};
use crate::limits::{NUMBER_CHARS_MAX, NUMBER_DIGITS_MAX, PLAIN_ZEROS_MAX};
use fastnum::D128;
use std::fmt;
use std::sync::Arc;

impl Number {
    /// Reads `-? digits (. digits)? ((e|E) (+|-)? digits)?`; the digits before the point may be
    /// missing, those after it may not. `None` for anything else, or if it is out of range.
    pub fn parse(text: &str) -> Option<Number> {
        let shape = Shape::of(text)?;
        if !shape.has_exponent && shape.digits <= 18 && shape.fraction <= usize::from(SCALE_MAX) {
            return Some(parse_small(text, shape.fraction));
        }
        let decimal = D128::from_str(text, CONTEXT).ok();
        let decimal = decimal.filter(|decimal| decimal.is_finite());
        let exact = shape.digits <= NUMBER_DIGITS_MAX as usize;
        if exact && let Some(decimal) = decimal {
            return Some(Number(Repr::Wide(Arc::new(Wide { decimal, digits: None }))).demoted());
        }
        let decimal = super::wide::Exact::of(round_text(text)?).to_decimal()?;
        let digits = Some(Box::from(text));
        Some(Number(Repr::Wide(Arc::new(Wide { decimal, digits }))))
    }

    /// The small form of a wide number that fits it, with its trailing zeros.
    fn demoted(self) -> Number {
        let Repr::Wide(wide) = &self.0 else { return self };
        let decimal = wide.decimal;
        let scale = decimal.fractional_digits_count();
        let digits = u128::try_from(decimal.digits()).ok().and_then(|all| i64::try_from(all).ok());
        match (digits, u8::try_from(scale)) {
            // `0e25` has no digits to keep.
            (Some(0), Err(_)) => Number::ZERO,
            (Some(digits), Ok(scale)) if scale <= SCALE_MAX => {
                let coefficient = if decimal.is_negative() { -digits } else { digits };
                Number(Repr::Small { scale, coefficient })
            }
            _ if (-18..0).contains(&scale) => match i64::try_from(decimal) {
                Ok(whole) => Number::from(whole),
                Err(_) => self,
            },
            _ => self,
        }
    }
}

struct Shape {
    digits: usize,
    fraction: usize,
    has_exponent: bool,
}

impl Shape {
    fn of(text: &str) -> Option<Shape> {
        if text.len() > NUMBER_CHARS_MAX {
            return None;
        }
        let body = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match body.find(['e', 'E']) {
            Some(at) => (&body[..at], Some(&body[at + 1..])),
            None => (body, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fraction_is_fine = fraction.is_none_or(|part| !part.is_empty() && all_digits(part));
        let exponent_is_fine = exponent.is_none_or(|part| {
            let part = part.strip_prefix(['+', '-']).unwrap_or(part);
            !part.is_empty() && part.len() <= 6 && all_digits(part)
        });
        let missing = whole.is_empty() && fraction.is_none();
        if missing || !all_digits(whole) || !fraction_is_fine || !exponent_is_fine {
            return None;
        }
        let fraction = fraction.map_or(0, str::len);
        let digits = whole.trim_start_matches('0').len() + fraction;
        Some(Shape { digits, fraction, has_exponent: exponent.is_some() })
    }
}

fn parse_small(text: &str, fraction: usize) -> Number {
    let mut coefficient = 0i64;
    for byte in text.bytes().filter(u8::is_ascii_digit) {
        coefficient = coefficient * 10 + i64::from(byte - b'0');
    }
    if text.starts_with('-') {
        coefficient = -coefficient;
    }
    let scale = u8::try_from(fraction).unwrap_or(SCALE_MAX);
    Number(Repr::Small { scale, coefficient })
}

/// The decimal nearest to a text with more digits than the library reads: the first 38 digits
/// count, the rest becomes the exponent.
fn round_text(text: &str) -> Option<D128> {
    let negative = text.starts_with('-');
    let body = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], body[at + 1..].parse::<i64>().ok()?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: String = whole.chars().chain(fraction.chars()).collect();
    let mut exponent = exponent - fraction.len() as i64;
    let leading = digits.len() - digits.trim_start_matches('0').len();
    digits.drain(..leading);
    if digits.is_empty() {
        digits.push('0');
    }
    if digits.len() > 37 {
        exponent += (digits.len() - 37) as i64;
        let rest = digits.split_off(37);
        // A rest decides between a tie and more than that, and is seen in the last digit.
        if digits.ends_with(['0', '5']) && rest.bytes().any(|digit| digit != b'0') {
            let last = if digits.pop() == Some('0') { '1' } else { '6' };
            digits.push(last);
        }
    }
    if exponent.abs() > 30_000 {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let decimal = D128::from_str(&format!("{sign}{digits}e{exponent}"), CONTEXT).ok()?;
    decimal.is_finite().then_some(decimal)
}

impl fmt::Display for Number {
    /// Plain digits; an exponent only where plain text would be mostly zeros. The text is valid
    /// JSON and valid FEEL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small { scale: 0, coefficient } => write!(f, "{coefficient}"),
            Repr::Small { scale, coefficient } => {
                let digits = coefficient.unsigned_abs().to_string();
                write_scaled(f, *coefficient < 0, &digits, i32::from(*scale))
            }
            Repr::Wide(wide) => match &wide.digits {
                Some(digits) => f.write_str(digits),
                None => {
                    let digits = wide.decimal.digits().to_string();
                    let scale = i32::from(wide.decimal.fractional_digits_count());
                    write_scaled(f, wide.decimal.is_negative(), &digits, scale)
                }
            },
        }
    }
}

fn write_scaled(
    f: &mut fmt::Formatter<'_>,
    negative: bool,
    digits: &str,
    scale: i32,
) -> fmt::Result {
    if negative {
        f.write_str("-")?;
    }
    let count = digits.len() as i32;
    if scale < -PLAIN_ZEROS_MAX || scale - count > PLAIN_ZEROS_MAX {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return write!(f, "{first}{point}{rest}E{:+}", count - 1 - scale);
    }
    if scale <= 0 {
        f.write_str(digits)?;
        return (0..-scale).try_for_each(|_| f.write_str("0"));
    }
    if count > scale {
        let (whole, fraction) = digits.split_at((count - scale) as usize);
        return write!(f, "{whole}.{fraction}");
    }
    f.write_str("0.")?;
    (0..scale - count).try_for_each(|_| f.write_str("0"))?;
    f.write_str(digits)
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
