"""Quantities with units: what is read, what is refused and in which words, and what is written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.words.units import UnitError, exact, measure, parse, show, unit

DAY = 86_400.0

# One price, as people write it.
_PRICES = (
    "2.50 USD/GPU/h", "$2.50/GPU/h", "$ 2.50 / GPU / h", "US$2.50/GPU/h", "2.50 $/GPU/h", "USD 2.50 /GPU/h",
    "USD2.50/GPU/h", "2.5 USD/GPU-hour", "$2.50 per GPU-hour", "2.50 USD per GPU per hour", "2.50 usd/gpu/hour",
    "2.50 USD/(GPU*h)", "2.50 dollars/GPU/h",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "like", "base_value"),
    [
        # time
        ("47 min", "s", 2820.0),
        ("50_000 h", "h", 1.8e8),
        ("36h", "h", 129_600.0),
        ("1 week", "d", 7 * DAY),
        ("2 years", "h", 2 * 8760 * 3600.0),
        ("200 us", "s", 2e-4),
        ("200 \u00b5s", "s", 2e-4),
        ("8.5 s", "min", 8.5),
        ("1e3 ms", "s", 1.0),
        # data: bits are not bytes, and 1,000 is not 1,024
        ("400 Gb/s", "GB/s", 50e9),
        ("50 GB/s", "Gb/s", 50e9),
        ("8 b", "B", 1.0),
        ("1 Mbit", "B", 125_000.0),
        ("2 TB/s", "GB/s", 2e12),
        ("80 GiB", "GB", 80 * 2.0**30),
        ("1 Kib", "B", 128.0),
        ("405B", "GB", 405.0),
        # rates
        ("0.303 /kGPU/day", "/GPU/h", 0.303 / (1000 * DAY)),
        ("0.303/kGPU/day", "/kGPU/day", 0.303 / (1000 * DAY)),
        ("2 / node / year", "/node/day", 2 / (365 * DAY)),
        ("1 /leaf/week", "/leaf/h", 1 / (7 * DAY)),
        ("3 %/year", "/year", 0.03 / (365 * DAY)),
        # computing and power
        ("989 TFLOP/s", "FLOP/s", 989e12),
        ("3.8e25 FLOP", "FLOP", 3.8e25),
        ("1e26 FLOP", "EFLOP", 1e26),
        ("2 EFLOP", "FLOP", 2e18),
        ("700 W", "kW", 700.0),
        ("150 MW", "W", 150e6),
        ("1 kWh", "kWh", 3.6e6),
        # money
        ("2.10 USD/GPU/h", "USD/GPU/h", 2.10 / 3600),
        ("2.10 $/GPU/h", "USD/GPU/h", 2.10 / 3600),
        ("1.5M USD/day", "USD/day", 1.5e6 / DAY),
        *((text, "USD/GPU/h", 2.50 / 3600) for text in _PRICES),
        ("$1.5M/day", "USD/day", 1.5e6 / DAY),
        ("$3M", "USD", 3e6),
        ("$20/TB/month", "USD/TB/month", 20 / 1e12 / (730 * 3600)),
        ("0.3 per kGPU per day", "/kGPU/day", 0.3 / 1000 / DAY),
        ("0.3 /kGPU-day", "/kGPU/day", 0.3 / 1000 / DAY),
        ("0.3 per 1000 GPUs per day", "/kGPU/day", 0.3 / 1000 / DAY),
        ("0.08 USD/kWh", "USD/kWh", 0.08 / 3.6e6),
        # counts
        ("32_768 GPUs", "GPUs", 32_768.0),
        ("16 kGPU", "GPUs", 16_000.0),
        ("1 gpu", "GPUs", 1.0),
        ("96 nodes", "nodes", 96.0),
        ("1 knode", "nodes", 1000.0),
        ("16 crews", "crews", 16.0),
        ("15.6T tokens", "tokens", 15.6e12),
        ("15.6 T tokens", "tokens", 15.6e12),
        ("405B parameters", "parameters", 405e9),
        ("14 B/parameter", "B/parameter", 14.0),
        ("0 nodes", "nodes", 0.0),
        ("0e-9999999999 s", "s", 0.0),
        # plain numbers
        ("41%", "%", 0.41),
        ("41 %", "%", 0.41),
        ("0.41", "%", 0.41),
        (0.41, "%", 0.41),
        (8, "", 8.0),
        (".5", "", 0.5),
        ("-2.5e-3", "", -0.0025),
        ("+3.", "", 3.0),
    ],
)
def test_reads_into_base_units(text: object, like: str, base_value: float) -> None:
    # Exactly: a value is rounded once; the tolerance is for the arithmetic of the expectation.
    assert parse(text, like) == pytest.approx(base_value, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "like", "message"),
    [
        # no unit
        (0.3, "/kGPU/day", '0.3 has no unit; write "0.3 /kGPU/day"'),
        ("0.3", "/kGPU/day", '0.3 has no unit; write "0.3 /kGPU/day"'),
        (64, "nodes", '64 alone is refused: nodes or GPUs? write "64 nodes"'),
        ("32_768", "GPUs", '32_768 alone is refused: nodes or GPUs? write "32_768 GPUs"'),
        (0, "min", '0 has no unit; write "0 min", or s, h or d'),
        ("200k hours", "min", '"200k hours": k multiplies counts and USD only; write "200_000 hours"'),
        ("1.5k h", "min", '"1.5k h": k multiplies counts and USD only; write "1500 h"'),
        # a unit of another kind
        ("10 GB", "min", '"10 GB" is a data size, but a time is needed, such as "10 min"'),
        ("10 min", "GB/s", '"10 min" is a time, but a data rate is needed, such as "10 GB/s"'),
        ("41%", "h", '"41%" is a plain number, but a time is needed, such as "10 h"'),
        ("5 GB", "%", '"5 GB" is a data size, but a plain number is needed, such as "10%"'),
        ("64 GPUs", "nodes", '"64 GPUs" is a number of GPUs, but a number of nodes is needed, such as "10 nodes"'),
        (
            "0.3 /GPU/day",
            "/node/day",
            '"0.3 /GPU/day" is a quantity in /GPU/s, but a quantity in /node/s is needed, such as "10 /node/day"',
        ),
        ("405 B", "links", '405 B has no unit; write "405 B links"'),
        ("70B", "parameters", '70B has no unit; write "70B parameters"'),
        ("15T", "tokens", '15T has no unit; write "15T tokens"'),
        ("16k", "GPUs", '16k alone is refused: nodes or GPUs? write "16k GPUs"'),
        ("405B", "min", '"405B" is a data size, but a time is needed, such as "10 min"'),
        # an unknown or ambiguous unit
        ("3 hous", "h", "unknown unit \"hous\"; did you mean 'hours'?"),
        ("3 MIN", "h", "unknown unit \"MIN\"; did you mean 'min'?"),
        ("3 gb/s", "GB/s", "unknown unit \"gb\"; did you mean 'GB' (bytes) or 'Gb' (bits)?"),
        ("5 EUR", "USD", '"5 EUR": amounts of money are in USD; convert it, as in "10 USD"'),
        (
            "\u20ac2.50/GPU/h",
            "USD/GPU/h",
            '"\u20ac2.50/GPU/h": amounts of money are in USD; convert it, as in "10 USD/GPU/h"',
        ),
        ("$2.50/GPU-hrs", "USD/GPU/h", "unknown unit \"hrs\"; did you mean 'hours'?"),
        ("5 m", "h", 'unknown unit "m": for minutes write "min", for milliseconds "ms"'),
        ("1 month", "d", 'unknown unit "month": months differ in length; write days, such as "30 days"'),
        ("5 KB", "GB", 'unknown unit "KB": write "kB" (1,000 bytes) or "KiB" (1,024 bytes)'),
        ("400 Gbps", "Gb/s", 'unknown unit "Gbps": write "Gb/s" (bits) or "GB/s" (bytes)'),
        ("3 TFLOPS", "FLOP/s", 'unknown unit "TFLOPS": for an amount write "TFLOP", for a speed "TFLOP/s"'),
        ("15.6T", "min", 'unknown unit "T": T multiplies a unit, such as "15.6T tokens"'),
        ("5M GB", "GB", '"5M GB": M multiplies counts and USD only; write a prefix at the unit, as in GB'),
        ("5 GB/", "GB/s", '"GB/" has a "/" with nothing after it'),
        ("1 h 30 min", "h", '"h 30 min" is not a unit: a quantity is one number and one unit, such as "90 min"'),
        ("15Ttokens", "tokens", "unknown unit \"Ttokens\"; did you mean 'T tokens'?"),
        # not a number
        ("soon", "min", '"soon" is not a number with a unit, such as "10 min"'),
        ("no", "nodes", '"no" is not a number with a unit, such as "10 nodes"'),
        ("", "min", '"" is not a number with a unit, such as "10 min"'),
        ("\u0663 h", "h", '"\u0663 h" is not a number with a unit, such as "10 h"'),
        ("9" * 100, "h", '"' + "9" * 40 + '..." is not a number with a unit, such as "10 h"'),
        (
            "32,768 GPUs",
            "GPUs",
            '"32,768 GPUs": digits are grouped as in 32_768, decimals are written as in 1.5; write "32_768 GPUs"',
        ),
        ("1,5 h", "h", '"1,5 h": digits are grouped as in 32_768, decimals are written as in 1.5'),
        ("1__0 s", "s", '"1__0 s": digits are grouped as in 32_768, decimals are written as in 1.5'),
        (
            "$2.10",
            "USD/GPU/h",
            '"2.10 USD" is an amount of money, but a quantity in USD/GPU/s is needed; write "2.10 USD/GPU/h"',
        ),
        ("2.10/GPU/h", "USD/GPU/h", '"2.10/GPU/h" has no currency; write "2.10 USD/GPU/h"'),
        (
            "$2,500/GPU/h",
            "USD/GPU/h",
            '"2,500 USD/GPU/h": digits are grouped as in 32_768, decimals are written as in 1.5; '
            'write "2_500 USD/GPU/h"',
        ),
        (None, "min", 'an empty value is not a quantity; write a number with its unit, such as "10 min"'),
        (True, "nodes", 'true is not a quantity; write a number with its unit, such as "10 nodes"'),
        (False, "", 'false is not a quantity; write a number with its unit, such as "10"'),
        ([1], "min", 'this is not a quantity; write a number with its unit, such as "10 min"'),
        # not finite
        (math.inf, "%", "inf is not a finite number; leave the field out if there is no limit"),
        (math.nan, "h", "nan is not a finite number; leave the field out if there is no limit"),
        (".inf h", "h", ".inf h is not a finite number; leave the field out if there is no limit"),
        ("1e999 h", "h", "1e999 h is not a finite number; leave the field out if there is no limit"),
        ("1e308 years", "h", "1e308 years is not a finite number; leave the field out if there is no limit"),
        ("1e9999999999 s", "s", "1e9999999999 s is not a finite number; leave the field out if there is no limit"),
        ("1e-9999999999 s", "s", '"1e-9999999999 s" is too small to be told from zero'),
        (10**400, "", "a number of more than 300 digits is no quantity"),
    ],
)
def test_refuses_with_a_remedy(value: object, like: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse(value, like)
    assert str(caught.value) == message


def test_measure_tells_the_kinds_apart() -> None:
    assert measure("64 nodes", "nodes").dimension == unit("nodes").dimension
    assert measure("512 GPUs", "nodes").dimension == unit("GPUs").dimension
    assert measure("512 GPUs", "nodes").value == 512


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (2820.0, "s", "47 min"),
        (90.0, "min", "90 s"),
        (3600.0, "s", "1 h"),
        (200.0, "s", "200 s"),
        (0.0042, "s", "4.2 ms"),
        (3.2e6, "s", "37.04 d"),
        (40_000 * 3600.0, "min", "40_000 h"),
        (3191 * 60.0, "min", "2.216 d"),
        (25 * DAY, "h", "25 d"),
        (4.68e9, "h", "54_170 d"),
        (0.0, "min", "0 min"),
        (0.303 / (1000 * DAY), "/kGPU/day", "0.303 /kGPU/day"),
        (50e9, "Gb/s", "400 Gb/s"),
        (50e9, "GB/s", "50 GB/s"),
        (3.35e12, "GB/s", "3.35 TB/s"),
        (989.4e12, "TFLOP/s", "989.4 TFLOP/s"),
        (3.8e25, "FLOP", "3.8e25 FLOP"),
        (1.0, "nodes", "1 node"),
        (1e12, "tokens", "1T tokens"),
        (98_304.0, "GPUs", "98_304 GPUs"),
        (1e7, "nodes", "10_000_000 nodes"),
        (15.6e12, "tokens", "15.6T tokens"),
        (405e9, "parameters", "405B parameters"),
        (1.5e6 / DAY, "USD/day", "1.5M USD/day"),
        (2.1 / 3600, "USD/GPU/h", "2.1 USD/GPU/h"),
        (0.41234567, "%", "41.23%"),
        (1 / 3, "", "0.3333"),
        (math.inf, "h", "infinite"),
        (math.nan, "h", "unknown"),
    ],
)
def test_shows_for_people(value: float, like: str, text: str) -> None:
    assert show(value, like) == text


TIMES_AND_DATA = ("us", "min", "h", "d", "week", "year", "B", "Gb", "TiB", "GB/s", "Gb/s")
COUNTS_AND_RATES = ("tokens", "parameters", "GPUs", "knode", "/kGPU/day", "/node/year", "/leaf/week")
OTHERS = ("", "%", "FLOP", "TFLOP/s", "USD/GPU/h", "USD/kWh", "kW", "MWh")
UNIT_TEXTS = st.sampled_from([*TIMES_AND_DATA, *COUNTS_AND_RATES, *OTHERS])
VALUES = st.floats(-1e250, 1e250).filter(lambda value: value == 0 or abs(value) > 1e-250)


@given(VALUES, UNIT_TEXTS)
def test_exact_text_parses_to_the_same_float(value: float, like: str) -> None:
    assert parse(exact(value, like), like) == value


@given(st.floats(1e-9, 1e20), UNIT_TEXTS)
def test_shown_text_parses_to_four_digits(value: float, like: str) -> None:
    assert parse(show(value, like), like) == pytest.approx(value, rel=5.1e-4)


@given(st.text(max_size=100), UNIT_TEXTS)
def test_any_text_is_read_or_refused_in_one_line(text: str, like: str) -> None:
    message = ""
    try:
        assert math.isfinite(parse(text, like))
    except UnitError as error:
        message = str(error)
    assert "\n" not in message


def test_exact_refuses_what_no_text_can_say() -> None:
    with pytest.raises(UnitError, match="inf cannot be written"):
        exact(math.inf, "h")


def test_the_shortest_exact_text_is_chosen() -> None:
    assert exact(parse("0.303 /kGPU/day", "/kGPU/day"), "/kGPU/day") == "0.303 /kGPU/day"
    assert exact(parse("400 Gb/s", "Gb/s"), "Gb/s") == "400 Gb/s"
    assert exact(2820.0, "min") == "47 min"
    assert exact(1e26, "FLOP") == "1e26 FLOP"
