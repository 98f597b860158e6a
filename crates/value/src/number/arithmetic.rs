//! Arithmetic: each operation tries the small form first.

use super::wide::Exact;
use super::{CONTEXT, Number, POWERS_OF_TEN, Repr, Rounding, SCALE_MAX, Wide};
use crate::limits::NUMBER_DIGITS_MAX;
use fastnum::decimal::Sign;
use fastnum::{D128, U128};
use std::sync::Arc;

/// Numbers are below 10 to this power.
pub(super) const EXPONENT_MAX: i64 = 6_145;
const MAGNITUDE_MAX: f64 = EXPONENT_MAX as f64;
/// And have so many digits, the last of which counts below that.
const DIGITS: f64 = 34.0;

/// The square of the fraction in [`Number::ln_one_and`] is below 3e-5: terms from this on are
/// below 1e-36.
const LOGARITHM_TERMS: i32 = 19;

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// A coefficient and its scale.
type FewDigits = (i64, u8);

impl Arithmetic {
    /// The result, if it has few digits too.
    #[inline]
    fn of_few_digits(self, left: FewDigits, right: FewDigits) -> Option<FewDigits> {
        let (units, scale) = match self {
            Arithmetic::Add => {
                let (left, right, scale) = at_one_scale(left, right)?;
                (left.checked_add(right)?, scale)
            }
            Arithmetic::Subtract => {
                let (left, right, scale) = at_one_scale(left, right)?;
                (left.checked_sub(right)?, scale)
            }
            Arithmetic::Multiply => {
                let scale = left.1 + right.1;
                (left.0.checked_mul(right.0).filter(|_| scale <= SCALE_MAX)?, scale)
            }
            Arithmetic::Divide => {
                let (left, right, _) = at_one_scale(left, right)?;
                return short_quotient(left, right);
            }
        };
        Some(reduced(units, scale))
    }
}

impl Number {
    /// Counts on in place if both numbers and the result have few digits; whether it did. What
    /// most arithmetic is, without moving a number about.
    #[inline]
    pub fn count_on(&mut self, operation: Arithmetic, other: &Number) -> bool {
        let (Some(left), Some(right)) = (self.few_digits(), other.few_digits()) else {
            return false;
        };
        let Some((units, places)) = operation.of_few_digits(left, right) else { return false };
        if let Repr::Small { scale, coefficient } = &mut self.0 {
            (*coefficient, *scale) = (units, places);
        }
        true
    }

    fn short(&self, operation: Arithmetic, other: &Number) -> Option<Number> {
        let (coefficient, scale) =
            operation.of_few_digits(self.few_digits()?, other.few_digits()?)?;
        Some(Number(Repr::Small { scale, coefficient }))
    }

    fn few_digits(&self) -> Option<FewDigits> {
        match self.0 {
            Repr::Small { scale, coefficient } => Some((coefficient, scale)),
            Repr::Wide(_) => None,
        }
    }

    /// The sum, or `None` if it is out of range.
    pub fn add(&self, other: &Number) -> Option<Number> {
        let short = self.short(Arithmetic::Add, other);
        short.or_else(|| self.exact().add(other.exact()).number())
    }

    /// The difference, or `None` if it is out of range.
    pub fn sub(&self, other: &Number) -> Option<Number> {
        let short = self.short(Arithmetic::Subtract, other);
        short.or_else(|| self.exact().add(other.exact().neg()).number())
    }

    /// The product, or `None` if it is out of range.
    pub fn mul(&self, other: &Number) -> Option<Number> {
        let short = self.short(Arithmetic::Multiply, other);
        short.or_else(|| self.exact().mul(other.exact()).number())
    }

    /// The quotient, or `None` if the divisor is zero or the result is out of range.
    pub fn div(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let Some(short) = self.short(Arithmetic::Divide, other) {
            return Some(short);
        }
        if let Some((left, right, _)) = aligned(self, other)
            && let Some(quotient) = quotient(left, right)
        {
            return Some(quotient);
        }
        self.exact().div(other.exact()).number()
    }

    /// The rest of the floored division: its sign is that of the divisor (DMN 1.5, 10.3.4.5).
    pub fn modulo(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let Some((left, right, scale)) = aligned(self, other)
            && let Some(rest) = left.checked_rem(right)
        {
            let floored = if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest };
            return Some(small(floored, scale));
        }
        self.exact().modulo(other.exact()).number()
    }

    /// `self` to the power `exponent`, or `None` if there is no such real number.
    pub fn pow(&self, exponent: &Number) -> Option<Number> {
        if exponent.is_zero() {
            return Some(Number::ONE);
        }
        if self.is_zero() && exponent.is_negative() {
            return None;
        }
        if exponent.is_negative() {
            // One too large to be a number has a reciprocal that is too small to be another.
            return match self.abs().pow(&exponent.abs()) {
                None if self.is_negative() && exponent.to_i64().is_none() => None,
                None => Some(Number::ZERO),
                Some(_) => Number::ONE.div(&self.pow(&exponent.abs())?),
            };
        }
        let size = self.magnitude() * exponent.to_f64();
        if size >= MAGNITUDE_MAX {
            return None;
        }
        if size < -MAGNITUDE_MAX - DIGITS {
            return Some(Number::ZERO);
        }
        match exponent.to_i64() {
            Some(whole) => {
                let Ok(whole) = i32::try_from(whole) else {
                    let power = self.abs().power_of_logarithm(exponent)?;
                    let turned = self.is_negative() && whole % 2 != 0;
                    return Some(if turned { power.neg() } else { power });
                };
                // The library knows no overflow below zero, other than above it.
                let power = Number::from_decimal(self.abs().decimal().powi(whole))?;
                Some(if self.is_negative() && whole % 2 != 0 { power.neg() } else { power })
            }
            None if self.is_negative() => None,
            None if self.is_near_one() => self.power_of_logarithm(exponent),
            None => Number::from_decimal(self.decimal().pow(exponent.decimal())),
        }
    }

    /// A power by way of the logarithm, of which the digits are wrong that the exponent has.
    fn power_of_logarithm(&self, exponent: &Number) -> Option<Number> {
        self.ln()?.mul(exponent)?.exp()
    }

    fn is_near_one(&self) -> bool {
        self.sub(&Number::ONE).is_some_and(|beyond| beyond.abs() < Number::new(1, 2))
    }

    /// The common logarithm of its absolute value, as exactly as is needed to see whether a power
    /// is out of range: the library panics there.
    fn magnitude(&self) -> f64 {
        let text = self.abs().decimal().to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let zeros = digits.len() - digits.trim_start_matches('0').len();
        let leading: String = digits[zeros..].chars().take(17).collect();
        let places = whole.len() as f64 - zeros as f64 - leading.len() as f64;
        let value: f64 = leading.parse().unwrap_or(0.0);
        value.log10() + places + exponent.parse::<f64>().unwrap_or(0.0)
    }

    /// The square root, `None` of a negative number.
    pub fn sqrt(&self) -> Option<Number> {
        if self.is_negative() {
            return None;
        }
        if self.is_zero() {
            return Some(Number::ZERO);
        }
        // The library begins with a binary number, whose exponents end at 308: a square of a power
        // of ten is taken out before.
        let half = (self.magnitude() / 2.0) as i32;
        let near = self.decimal() * D128::quantum(-2 * half, CONTEXT);
        Number::from_decimal(near.sqrt() * D128::quantum(half, CONTEXT))
    }

    /// e to the power of this number.
    pub fn exp(&self) -> Option<Number> {
        if self.is_negative() {
            let inverse = self.neg().exp();
            return inverse.map_or(Some(Number::ZERO), |inverse| Number::ONE.div(&inverse));
        }
        if self.to_f64() * std::f64::consts::LOG10_E >= MAGNITUDE_MAX {
            return None;
        }
        Number::from_decimal(self.decimal().exp())
    }

    /// The natural logarithm, `None` of zero and below.
    pub fn ln(&self) -> Option<Number> {
        if self.is_zero() || self.is_negative() {
            return None;
        }
        match self.is_near_one() {
            true => self.sub(&Number::ONE)?.ln_one_and(),
            false => Number::from_decimal(self.decimal().ln()),
        }
    }

    /// The natural logarithm of this much more than one, where the library's has as many wrong
    /// digits as there are zeros: `2 artanh(x / (2 + x))`, of which each term is small beside the
    /// one before.
    fn ln_one_and(&self) -> Option<Number> {
        let base = self.div(&Number::from(2).add(self)?)?;
        let square = base.mul(&base)?;
        let (mut power, mut sum) = (base.clone(), base);
        for odd in (3..LOGARITHM_TERMS).step_by(2) {
            power = power.mul(&square)?;
            sum = sum.add(&power.div(&Number::from(odd))?)?;
        }
        sum.add(&sum)
    }

    /// The number with the other sign.
    pub fn neg(&self) -> Number {
        if let Repr::Small { scale, coefficient } = &self.0
            && let Some(negated) = coefficient.checked_neg()
        {
            return Number(Repr::Small { scale: *scale, coefficient: negated });
        }
        wide(self.decimal().neg())
    }

    /// The number without its sign.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// Rounded to `scale` digits after the point (before it, if negative).
    pub fn round(&self, scale: i32, rounding: Rounding) -> Option<Number> {
        if let Repr::Small { scale: own, coefficient } = &self.0 {
            if i32::from(*own) <= scale {
                return Some(self.clone());
            }
            let drop = i32::from(*own) - scale;
            if let Some(power) = usize::try_from(drop).ok().and_then(|at| POWERS_OF_TEN.get(at)) {
                let units = rounded_quotient(*coefficient, *power, rounding);
                if let Ok(kept) = u8::try_from(scale) {
                    return Some(small(units, kept));
                }
                let back = u32::try_from(-scale).ok().and_then(|at| 10i64.checked_pow(at));
                if let Some(back) = back.and_then(|power| units.checked_mul(power)) {
                    return Some(Number::from(back));
                }
            }
        }
        if i32::from(self.decimal().fractional_digits_count()) <= scale {
            return Some(self.clone());
        }
        self.exact().to_scale(scale, rounding).number()
    }

    fn exact(&self) -> Exact {
        Exact::of(self.decimal())
    }

    /// The coefficient and scale without trailing zeros, which identify the number.
    pub(super) fn reduced_parts(&self) -> (i128, i32) {
        if let Repr::Small { scale, coefficient } = &self.0 {
            let (mut coefficient, mut scale) = (*coefficient, i32::from(*scale));
            if coefficient == 0 {
                return (0, 0);
            }
            while coefficient % 10 == 0 {
                coefficient /= 10;
                scale -= 1;
            }
            return (i128::from(coefficient), scale);
        }
        let reduced = self.decimal().reduce();
        if reduced.is_zero() {
            return (0, 0);
        }
        let digits = u128::try_from(reduced.digits()).unwrap_or(u128::MAX);
        let digits = i128::try_from(digits).unwrap_or(i128::MAX);
        let signed = if reduced.is_negative() { -digits } else { digits };
        (signed, i32::from(reduced.fractional_digits_count()))
    }

    /// The number of a decimal: rounded to 34 digits, without trailing zeros in the fraction, in
    /// the small form if it fits. `None` if the decimal is not finite.
    pub(super) fn from_decimal(decimal: D128) -> Option<Number> {
        if !decimal.is_finite() {
            return None;
        }
        let decimal = Exact::of(decimal).to_decimal()?;
        if decimal.is_zero() {
            return Some(Number::ZERO);
        }
        let decimal = match decimal.fractional_digits_count() != 0 {
            true => decimal.reduce(),
            false => decimal,
        };
        let scale = decimal.fractional_digits_count();
        if (0..=i16::from(SCALE_MAX)).contains(&scale)
            && let Ok(digits) = i64::try_from(u128::try_from(decimal.digits()).ok()?)
        {
            let coefficient = if decimal.is_negative() { -digits } else { digits };
            let scale = u8::try_from(scale).unwrap_or(0);
            return Some(Number(Repr::Small { scale, coefficient }));
        }
        if (-18..0).contains(&scale)
            && let Ok(whole) = i64::try_from(decimal)
        {
            return Some(Number::from(whole));
        }
        Some(wide(decimal))
    }
}

/// Both coefficients at one scale, when both numbers are small and that does not overflow.
fn aligned(left: &Number, right: &Number) -> Option<(i64, i64, u8)> {
    at_one_scale(left.few_digits()?, right.few_digits()?)
}

#[inline]
fn at_one_scale(left: FewDigits, right: FewDigits) -> Option<(i64, i64, u8)> {
    let ((left, left_scale), (right, right_scale)) = (left, right);
    if left_scale == right_scale {
        return Some((left, right, left_scale));
    }
    let scale = left_scale.max(right_scale);
    let raise =
        |number: i64, from: u8| number.checked_mul(POWERS_OF_TEN[usize::from(scale - from)]);
    Some((raise(left, left_scale)?, raise(right, right_scale)?, scale))
}

/// Digits of a quotient that are computed at once: few at first, most have few.
const FIRST_DIGITS: u32 = 4;
const MORE_DIGITS: u32 = 18;

/// `left / right` with 34 digits, ties to even; `right` is not zero.
fn quotient(left: i64, right: i64) -> Option<Number> {
    let (number, divisor) = (left.unsigned_abs(), u128::from(right.unsigned_abs()));
    let mut rest = u128::from(number) % divisor;
    let mut coefficient = u128::from(number) / divisor;
    let mut scale = 0u32;
    let mut portion = FIRST_DIGITS;
    while rest != 0 {
        let have = coefficient.checked_ilog10().map_or(0, |digits| digits + 1);
        let more = portion.min(NUMBER_DIGITS_MAX - have);
        if more == 0 {
            break;
        }
        // Below 2^64 times 10^18: it fits.
        rest *= u128::from(POWERS_OF_TEN[more as usize].unsigned_abs());
        coefficient =
            coefficient * u128::from(POWERS_OF_TEN[more as usize].unsigned_abs()) + rest / divisor;
        rest %= divisor;
        scale += more;
        portion = MORE_DIGITS;
    }
    let is_exact = rest == 0;
    let over = (rest * 2).cmp(&divisor);
    if over.is_gt() || (over.is_eq() && coefficient % 2 != 0) {
        coefficient += 1;
    }
    let negative = (left < 0) != (right < 0);
    if let (Ok(units), Ok(scale @ 0..=SCALE_MAX)) =
        (i64::try_from(coefficient), u8::try_from(scale))
    {
        return Some(small(if negative { -units } else { units }, scale));
    }
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    let scale = i32::try_from(scale).unwrap_or(i32::MAX);
    let decimal = D128::from_parts(U128::try_from(coefficient).ok()?, -scale, sign, CONTEXT);
    match is_exact {
        true => Number::from_decimal(decimal),
        false => Some(wide(decimal.reduce())),
    }
}

/// A quotient with few digits, which most are, without wide divisions: the whole part and
/// [`FIRST_DIGITS`] behind the point.
#[inline]
fn short_quotient(left: i64, right: i64) -> Option<FewDigits> {
    let power = POWERS_OF_TEN[FIRST_DIGITS as usize].unsigned_abs();
    let (number, divisor) = (left.unsigned_abs(), right.unsigned_abs());
    let (whole, rest) = (number.checked_div(divisor)?, number % divisor);
    let (units, scale) = if rest == 0 {
        (whole, 0)
    } else {
        let raised = rest.checked_mul(power)?;
        let (digits, rest) = (raised / divisor, raised % divisor);
        if rest != 0 {
            return None;
        }
        (whole.checked_mul(power)?.checked_add(digits)?, FIRST_DIGITS as u8)
    };
    let units = i64::try_from(units).ok()?;
    Some(reduced(if (left < 0) == (right < 0) { units } else { -units }, scale))
}

/// Without trailing zeros in the fraction.
#[inline]
fn reduced(mut coefficient: i64, mut scale: u8) -> FewDigits {
    while scale > 0 && coefficient % 10 == 0 {
        coefficient /= 10;
        scale -= 1;
    }
    (coefficient, scale)
}

fn small(coefficient: i64, scale: u8) -> Number {
    let (coefficient, scale) = reduced(coefficient, scale);
    Number(Repr::Small { scale, coefficient })
}

fn wide(decimal: D128) -> Number {
    Number(Repr::Wide(Arc::new(Wide { decimal, digits: None })))
}

/// `number / power` rounded to a whole number; `power` is a positive power of ten.
fn rounded_quotient(number: i64, power: i64, rounding: Rounding) -> i64 {
    let quotient = number / power;
    let rest = number % power;
    if rest == 0 {
        return quotient;
    }
    let away = if number < 0 { quotient - 1 } else { quotient + 1 };
    let twice = rest.unsigned_abs().cmp(&(power.unsigned_abs() - rest.unsigned_abs()));
    let take_away = match rounding {
        Rounding::Up => true,
        Rounding::Down => false,
        Rounding::Floor => number < 0,
        Rounding::Ceiling => number > 0,
        Rounding::HalfUp => twice.is_ge(),
        Rounding::HalfDown => twice.is_gt(),
        Rounding::HalfEven => twice.is_gt() || (twice.is_eq() && quotient % 2 != 0),
    };
    if take_away { away } else { quotient }
}
