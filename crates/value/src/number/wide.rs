//! Arithmetic of numbers that are not small: exact in whole numbers, then rounded once, ties to
//! even, as decimal128 wants it. The library's own rounding takes every rest that begins with a 5
//! for a tie.

use super::arithmetic::EXPONENT_MAX;
use super::{CONTEXT, Number, Rounding};
use crate::limits::NUMBER_DIGITS_MAX;
use fastnum::decimal::Sign;
use fastnum::{D128, U128, U512};
use std::cmp::Ordering;

/// Digits to which two coefficients are brought when their exponents are further apart than that:
/// what lies below cannot be told from a rest that is not zero.
const GAP_MAX: u32 = 100;
const FAR_DIGITS: u32 = 60;

/// Digits after the point that a number may have, as a decimal128.
const SCALE_MAX: i32 = 6_176;

/// Digits of a quotient before it is rounded; more than [`NUMBER_DIGITS_MAX`].
const QUOTIENT_DIGITS: u32 = 36;

/// A number as `±coefficient × 10^exponent`, with `has_rest` if it lies a bit further from zero.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    negative: bool,
    coefficient: U512,
    exponent: i32,
    has_rest: bool,
}

fn ten(power: u32) -> U512 {
    U512::TEN.pow(power)
}

fn digits(coefficient: U512) -> u32 {
    // 0.30103 is the logarithm of 2; the estimate is right or one too low.
    let estimate = coefficient.bits() * 30_103 / 100_000;
    if coefficient >= ten(estimate) { estimate + 1 } else { estimate.max(1) }
}

impl Exact {
    pub(super) fn of(decimal: D128) -> Exact {
        let coefficient = u128::try_from(decimal.digits()).unwrap_or(u128::MAX);
        Exact {
            negative: decimal.is_negative(),
            coefficient: U512::from((coefficient >> 64) as u64)
                * (U512::from(u64::MAX) + U512::ONE)
                + U512::from(coefficient as u64),
            exponent: -i32::from(decimal.fractional_digits_count()),
            has_rest: false,
        }
    }

    fn is_zero(self) -> bool {
        self.coefficient == U512::ZERO
    }

    pub(super) fn neg(self) -> Exact {
        Exact { negative: !self.negative, ..self }
    }

    pub(super) fn add(self, other: Exact) -> Exact {
        if self.is_zero() || other.is_zero() {
            return if self.is_zero() { other } else { self };
        }
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let gap = high.exponent.abs_diff(low.exponent);
        if gap > GAP_MAX {
            let whole = high.coefficient * ten(FAR_DIGITS);
            let exponent = high.exponent - FAR_DIGITS as i32;
            let coefficient = if high.negative == low.negative { whole } else { whole - U512::ONE };
            return Exact { coefficient, exponent, has_rest: true, ..high };
        }
        let (left, right) = (high.coefficient * ten(gap), low.coefficient);
        let (negative, coefficient) = match (high.negative == low.negative, left >= right) {
            (true, _) => (high.negative, left + right),
            (false, true) => (high.negative, left - right),
            (false, false) => (low.negative, right - left),
        };
        Exact { negative, coefficient, exponent: low.exponent, has_rest: false }
    }

    pub(super) fn mul(self, other: Exact) -> Exact {
        Exact {
            negative: self.negative != other.negative,
            coefficient: self.coefficient * other.coefficient,
            exponent: self.exponent + other.exponent,
            has_rest: false,
        }
    }

    /// The quotient; `other` is not zero.
    pub(super) fn div(self, other: Exact) -> Exact {
        let wanted = QUOTIENT_DIGITS + digits(other.coefficient);
        let shift = wanted.saturating_sub(digits(self.coefficient));
        let (quotient, rest) = (self.coefficient * ten(shift)).div_rem(other.coefficient);
        Exact {
            negative: self.negative != other.negative,
            coefficient: quotient,
            exponent: self.exponent - other.exponent - shift as i32,
            has_rest: rest != U512::ZERO,
        }
    }

    /// The rest of the floored division; `other` is not zero.
    pub(super) fn modulo(self, other: Exact) -> Exact {
        let gap = self.exponent.abs_diff(other.exponent);
        let (rest, divisor, exponent) = if self.exponent >= other.exponent {
            (self.scaled_modulo(gap, other.coefficient), other.coefficient, other.exponent)
        } else if gap > GAP_MAX {
            // The divisor is larger by far: the number itself is the rest.
            return if self.negative == other.negative || self.is_zero() {
                self
            } else {
                self.add(other)
            };
        } else {
            let divisor = other.coefficient * ten(gap);
            (self.coefficient % divisor, divisor, self.exponent)
        };
        let floored = match self.negative != other.negative && rest != U512::ZERO {
            true => divisor - rest,
            false => rest,
        };
        Exact { negative: other.negative, coefficient: floored, exponent, has_rest: false }
    }

    /// `coefficient × 10^power` modulo a divisor, without the digits between.
    fn scaled_modulo(self, power: u32, divisor: U512) -> U512 {
        let (mut rest, mut base, mut power) = (self.coefficient % divisor, U512::TEN, power);
        while power > 0 {
            if power % 2 == 1 {
                rest = rest * base % divisor;
            }
            base = base * base % divisor;
            power /= 2;
        }
        rest
    }

    /// Without the last `drop` digits.
    fn rounded(self, drop: u32, rounding: Rounding) -> Exact {
        if drop == 0 {
            return self;
        }
        let exponent = self.exponent.saturating_add_unsigned(drop);
        // So many digits are dropped that nothing is left but the rest.
        if drop > 150 {
            let away = match rounding {
                Rounding::Up => !self.is_zero(),
                Rounding::Floor => self.negative && !self.is_zero(),
                Rounding::Ceiling => !self.negative && !self.is_zero(),
                Rounding::Down | Rounding::HalfUp | Rounding::HalfDown | Rounding::HalfEven => {
                    false
                }
            };
            let coefficient = if away { U512::ONE } else { U512::ZERO };
            return Exact { coefficient, exponent, has_rest: false, ..self };
        }
        let unit = ten(drop);
        let (quotient, rest) = self.coefficient.div_rem(unit);
        let mut half = rest.cmp(&(unit - rest));
        if half.is_eq() && self.has_rest {
            half = Ordering::Greater;
        }
        let is_odd = quotient % U512::TWO == U512::ONE;
        let something = rest != U512::ZERO || self.has_rest;
        let away = match rounding {
            Rounding::Up => something,
            Rounding::Down => false,
            Rounding::Floor => something && self.negative,
            Rounding::Ceiling => something && !self.negative,
            Rounding::HalfUp => half.is_ge(),
            Rounding::HalfDown => half.is_gt(),
            Rounding::HalfEven => half.is_gt() || (half.is_eq() && is_odd),
        };
        let coefficient = if away { quotient + U512::ONE } else { quotient };
        Exact { coefficient, exponent, has_rest: false, ..self }
    }

    /// Rounded to `scale` digits after the point; before it, if negative.
    pub(super) fn to_scale(self, scale: i32, rounding: Rounding) -> Exact {
        let drop = i64::from(-scale) - i64::from(self.exponent);
        self.rounded(u32::try_from(drop).unwrap_or(0), rounding)
    }

    /// Rounded to the digits that there are; `None` from 10 to the power of [`EXPONENT_MAX`] on.
    pub(super) fn to_decimal(self) -> Option<D128> {
        let excess = |own: Exact| digits(own.coefficient).saturating_sub(NUMBER_DIGITS_MAX);
        let once = self.rounded(excess(self), Rounding::HalfEven);
        // 99…9 became 100…0; the zero goes without a rest.
        let fitting = once.rounded(excess(once), Rounding::HalfEven);
        // Below the smallest number there is nothing but zero.
        let fitting = fitting.to_scale(SCALE_MAX, Rounding::HalfEven);
        let coefficient = u128::try_from(fitting.coefficient).ok()?;
        let magnitude = i64::from(digits(fitting.coefficient)) + i64::from(fitting.exponent);
        if magnitude > EXPONENT_MAX && !fitting.is_zero() {
            return None;
        }
        let sign = if fitting.negative { Sign::Minus } else { Sign::Plus };
        if fitting.exponent.unsigned_abs() > i16::MAX.unsigned_abs().into() {
            return fitting.is_zero().then_some(D128::ZERO);
        }
        let digits =
            (U128::from((coefficient >> 64) as u64) << 64) + U128::from(coefficient as u64);
        Some(D128::from_parts(digits, fitting.exponent, sign, CONTEXT))
    }

    pub(super) fn number(self) -> Option<Number> {
        Number::from_decimal(self.to_decimal()?)
    }
}
