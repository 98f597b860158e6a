//! Icons as paths around (0, 0), drawn by us after the figures of BPMN 2.0, chapter 7 and 10.

use std::fmt::Write;

pub(super) const ENVELOPE: &str = "M-9 -6.5H9V6.5H-9Z";
pub(super) const ENVELOPE_FLAP: &str = "M-9 -6.5L0 1.2L9 -6.5";
pub(super) const ERROR: &str = "M-8 8.5L-3 -7.5L2.6 0.8L8 -8.5L3 8.5L-2.6 0.2Z";
pub(super) const ESCALATION: &str = "M0 -9.5L7 8L0 1.2L-7 8Z";
pub(super) const SIGNAL: &str = "M0 -8.5L8.6 6.2H-8.6Z";
pub(super) const COMPENSATION: &str = "M-0.5 -6.5L-9 0L-0.5 6.5ZM8.5 -6.5L0 0L8.5 6.5Z";
pub(super) const CONDITION: &str =
    "M-7 -8.5H7V8.5H-7ZM-4.5 -5H4.5M-4.5 -1.7H4.5M-4.5 1.7H4.5M-4.5 5H4.5";
pub(super) const LINK: &str = "M-9 -3H1.5V-7.5L9.5 0L1.5 7.5V3H-9Z";
pub(super) const CANCEL: &str =
    "M-8 -5.2L-5.2 -8L0 -2.8L5.2 -8L8 -5.2L2.8 0L8 5.2L5.2 8L0 2.8L-5.2 8L-8 5.2L-2.8 0Z";
pub(super) const PENTAGON: &str = "M0 -9L8.6 -2.8L5.3 7.3H-5.3L-8.6 -2.8Z";
pub(super) const PLUS: &str = "M-2.5 -8.5H2.5V-2.5H8.5V2.5H2.5V8.5H-2.5V2.5H-8.5V-2.5H-2.5Z";

pub(super) const CROSS: &str = "M-8 -8L8 8M-8 8L8 -8";
pub(super) const UPRIGHT: &str = "M0 -12V12M-12 0H12";
pub(super) const ASTERISK: &str = "M0 -13V13M-13 0H13M-9 -9L9 9M-9 9L9 -9";

/// A person: head and shoulders.
pub(super) const USER: &str =
    "M-7.5 8V5.5C-7.5 2.8 -5 1.4 -2.6 0.8A4.2 4.2 0 1 1 2.6 0.8C5 1.4 7.5 2.8 7.5 5.5V8Z";
pub(super) const USER_NECK: &str = "M-2.6 0.8C-1 2.2 1 2.2 2.6 0.8M-4 8V5.8M4 8V5.8";
/// A pointing hand.
pub(super) const MANUAL: &str = "M-8 -2.5L-3.5 -6.5H0.2C1.6 -6.5 1.6 -4.4 0.2 -4.4H-1.6H7.2\
C8.7 -4.4 8.7 -2 7.2 -2H2.2H8C9.4 -2 9.4 0.4 8 0.4H2.2H7.2C8.6 0.4 8.6 2.7 7.2 2.7H2.2H5.6\
C7 2.7 7 5 5.6 5H-4.2L-8 3.4Z";
/// A curled sheet with lines.
pub(super) const SCRIPT: &str = "M4.8 -8C-3 -4.5 8.2 1.5 1.2 8H-6.2C1.4 1.5 -9 -4.5 -2.2 -8Z\
M-3.2 -4.8H2.2M-2.2 -1.6H3.6M-0.6 1.6H4.2M-2.6 4.8H2.6";
/// A table with a head.
pub(super) const RULE: &str = "M-8.5 -6.5H8.5V6.5H-8.5ZM-8.5 -2.3H8.5M-8.5 2.1H8.5M-3.2 -2.3V6.5";
pub(super) const RULE_HEAD: &str = "M-8.5 -6.5H8.5V-2.3H-8.5Z";

pub(super) const PARALLEL: &str = "M-5 -6V6M0 -6V6M5 -6V6";
pub(super) const SEQUENTIAL: &str = "M-6 -5H6M-6 0H6M-6 5H6";
pub(super) const LOOP: &str = "M-2.2 5.6A6 6 0 1 1 2.2 5.6M-6.4 5.2L-2 5.8L-2.6 1.4";
pub(super) const TILDE: &str = "M-7 2C-4.5 -4.5 -1.5 -3 0 0C1.5 3 4.5 4.5 7 -2";
pub(super) const COLLAPSED: &str = "M-7 -7H7V7H-7ZM0 -4V4M-4 0H4";

/// A gear with eight teeth.
pub(super) fn gear() -> String {
    let mut path = String::new();
    for tooth in 0..8 {
        for (turn, radius) in [(-0.19, 6.2), (-0.12, 8.6), (0.12, 8.6), (0.19, 6.2)] {
            let angle = f64::from(tooth) * std::f64::consts::FRAC_PI_4 + turn * 1.25;
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let (x, y) = (radius * angle.cos(), radius * angle.sin());
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
        }
    }
    path + "Z"
}

/// The ticks and hands of a clock.
pub(super) fn clock() -> String {
    let mut path = String::new();
    for hour in 0..12 {
        let (sin, cos) = (f64::from(hour) * std::f64::consts::FRAC_PI_6).sin_cos();
        let (out, inner) = (10.0, if hour % 3 == 0 { 7.4 } else { 8.4 });
        let (x1, y1, x2, y2) = (inner * sin, inner * cos, out * sin, out * cos);
        let _ = write!(path, "M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}");
    }
    path + "M1.8 -6.8L0 0L4.6 1.2"
}
