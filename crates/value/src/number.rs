//! Decimal numbers with 34 digits and a fast path for the small ones.
//!
//! Most numbers in a process are counts, prices and percentages: an `i64` coefficient with a
//! scale holds them, and adding or comparing two of them is a few instructions. What does not fit
//! goes to a decimal128 behind an `Arc`. The result of arithmetic carries no trailing zeros in its
//! fraction, a number that is only read or passed on keeps its digits (`1.10` stays `1.10`).

mod arithmetic;
mod text;
mod wide;

pub use arithmetic::Arithmetic;

use fastnum::D128;
use fastnum::decimal::{Context, RoundingMode};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A decimal number, DMN 1.5, 10.3.2.3.1.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    /// `coefficient × 10^-scale`, scale at most [`SCALE_MAX`].
    Small {
        scale: u8,
        coefficient: i64,
    },
    Wide(Arc<Wide>),
}

struct Wide {
    decimal: D128,
    /// The text as it was read, kept when `decimal` had to round it.
    digits: Option<Box<str>>,
}

const SCALE_MAX: u8 = 18;

const POWERS_OF_TEN: [i64; 19] = {
    let mut powers = [1i64; 19];
    let mut at = 1;
    while at < 19 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// No traps: an operation without a result gives a value that is not finite, which every public
/// function turns into `None`. The library's default would panic.
const CONTEXT: Context =
    Context::default().without_traps().with_rounding_mode(RoundingMode::HalfEven);

/// How a number is rounded to fewer digits, DMN 1.5, 10.3.4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// To the nearest, ties towards zero.
    HalfDown,
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// Towards negative infinity.
    Floor,
    /// Towards positive infinity.
    Ceiling,
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number(Repr::Small { scale: 0, coefficient: 0 });
    /// One.
    pub const ONE: Number = Number(Repr::Small { scale: 0, coefficient: 1 });

    /// The number `coefficient × 10^-scale`.
    pub fn new(coefficient: i64, scale: u8) -> Number {
        if scale <= SCALE_MAX {
            return Number(Repr::Small { scale, coefficient });
        }
        let decimal = D128::from(coefficient).with_ctx(CONTEXT);
        let shift = D128::quantum(-i32::from(scale), CONTEXT);
        Number(Repr::Wide(Arc::new(Wide { decimal: decimal * shift, digits: None })))
    }

    /// The integer, if this is a whole number that fits (`2.0` is).
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small { scale: 0, coefficient } => Some(*coefficient),
            Repr::Small { scale, coefficient } => {
                let power = POWERS_OF_TEN[usize::from(*scale)];
                (coefficient % power == 0).then(|| coefficient / power)
            }
            Repr::Wide(wide) => {
                if !wide.decimal.is_integral() {
                    return None;
                }
                i64::try_from(wide.decimal).ok()
            }
        }
    }

    /// The nearest binary number; for display and charts, never for decisions.
    pub fn to_f64(&self) -> f64 {
        self.decimal().to_f64()
    }

    /// The nearest decimal of a binary number, through its shortest text; `None` if not finite.
    pub fn from_f64(number: f64) -> Option<Number> {
        if !number.is_finite() {
            return None;
        }
        Number::parse(&format!("{number}"))
    }

    /// Whether arithmetic with it is short: it has few digits.
    pub fn is_small(&self) -> bool {
        matches!(self.0, Repr::Small { .. })
    }

    /// Whether this has no fraction.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Repr::Small { scale, coefficient } => {
                coefficient % POWERS_OF_TEN[usize::from(*scale)] == 0
            }
            Repr::Wide(wide) => wide.decimal.is_integral(),
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Repr::Small { coefficient, .. } => *coefficient == 0,
            Repr::Wide(wide) => wide.decimal.is_zero(),
        }
    }

    /// Whether this is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small { coefficient, .. } => *coefficient < 0,
            Repr::Wide(wide) => wide.decimal.is_negative(),
        }
    }

    fn decimal(&self) -> D128 {
        match &self.0 {
            Repr::Small { scale: 0, coefficient } => D128::from(*coefficient).with_ctx(CONTEXT),
            Repr::Small { scale, coefficient } => {
                let digits = fastnum::U128::from(coefficient.unsigned_abs());
                let sign = match *coefficient < 0 {
                    true => fastnum::decimal::Sign::Minus,
                    false => fastnum::decimal::Sign::Plus,
                };
                D128::from_parts(digits, -i32::from(*scale), sign, CONTEXT)
            }
            Repr::Wide(wide) => wide.decimal,
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number(Repr::Small { scale: 0, coefficient: number })
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Number {
        Number::from(i64::from(number))
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Number {
        Number::from(i64::from(number))
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Number {
        match i64::try_from(number) {
            Ok(small) => Number::from(small),
            Err(_) => Number::from(i64::MAX),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if let (
            Repr::Small { scale: left_scale, coefficient: left },
            Repr::Small { scale: right_scale, coefficient: right },
        ) = (&self.0, &other.0)
        {
            if left_scale == right_scale {
                return left.cmp(right);
            }
            let common = (*left_scale).max(*right_scale);
            let widen = |number: i64, scale: u8| {
                i128::from(number) * i128::from(POWERS_OF_TEN[usize::from(common - scale)])
            };
            return widen(*left, *left_scale).cmp(&widen(*right, *right_scale));
        }
        self.decimal().cmp(&other.decimal())
    }
}

impl Hash for Number {
    /// Equal numbers have equal hashes: `1.0` and `1` are the same number.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (coefficient, scale) = self.reduced_parts();
        coefficient.hash(state);
        scale.hash(state);
    }
}

#[cfg(test)]
mod tests;
