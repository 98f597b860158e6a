#!/usr/bin/env python3
"""Writes decimals.txt: what Python's decimal module, an implementation of decimal128 of its own,
makes of random numbers. `python3 decimals.py > decimals.txt`; the seed is fixed."""

import random
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN, Emax=999999, Emin=-999999)
WIDE = Context(prec=34, rounding=ROUND_HALF_EVEN, Emax=6144, Emin=-6143)
ROUNDINGS = {
    "up": ROUND_UP,
    "down": ROUND_DOWN,
    "half-up": ROUND_HALF_UP,
    "half-down": ROUND_HALF_DOWN,
    "half-even": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
}
chance = random.Random(17)


def number():
    """Few digits or many, whole or not, large or small; ties and nines more often than by chance."""
    digits = chance.choice([1, 2, 3, 5, 9, 17, 18, 19, 20, 33, 34])
    pattern = chance.randrange(4)
    if pattern == 0:
        text = "9" * digits
    elif pattern == 1:
        text = str(chance.randrange(1, 10)) + "0" * (digits - 1)
    else:
        text = "".join(chance.choice("0123456789") for _ in range(digits))
    if chance.randrange(5) == 0:
        text = text[:-1] + "5"
    sign = chance.choice(["", "", "-"])
    scale = chance.choice([0, 0, 1, 2, 2, 5, 17, 18, 19, 33])
    if chance.randrange(8) == 0:
        return Decimal(f"{sign}{text}E{chance.randrange(-40, 40)}")
    return Decimal(f"{sign}{text}").scaleb(-scale, EXACT)


def plain(value):
    """A value as digits and an exponent, without trailing zeros."""
    if not value.is_finite():
        return "none"
    value = value.normalize(EXACT)
    return "0" if value.is_zero() else f"{value:E}".replace("E+", "E")


def row(name, operands, result):
    print("|".join([name, *(f"{operand:E}".replace("E+", "E") for operand in operands), result]))


def main():
    operations = {"add": WIDE.add, "sub": WIDE.subtract, "mul": WIDE.multiply, "div": WIDE.divide}
    for name, operation in operations.items():
        for _ in range(400):
            left, right = number(), number()
            none = name == "div" and right.is_zero()
            row(name, [left, right], "none" if none else plain(operation(left, right)))
    for _ in range(200):
        left, right = number(), number()
        if right.is_zero() or abs(left.adjusted() - right.adjusted()) > 30:
            continue
        quotient = EXACT.divide(left, right).to_integral_value(ROUND_FLOOR)
        row("modulo", [left, right], plain(WIDE.plus(EXACT.subtract(left, EXACT.multiply(right, quotient)))))
    for name, rounding in ROUNDINGS.items():
        for _ in range(80):
            value, scale = number(), chance.choice([-2, -1, 0, 0, 1, 2, 5, 17])
            context = Context(prec=200, rounding=rounding)
            rounded = value.quantize(Decimal(1).scaleb(-scale), rounding, context)
            if len(rounded.as_tuple().digits) <= 34:
                row(f"round {scale} {name}", [value], plain(rounded))
    for _ in range(150):
        value = abs(number())
        row("sqrt", [value], plain(WIDE.sqrt(value)))
    for _ in range(100):
        base, exponent = number(), Decimal(chance.randrange(0, 12))
        if base.is_zero():
            continue
        row("pow", [base, exponent], plain(WIDE.power(base, exponent)))


main()
