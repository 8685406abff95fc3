"""How many digits of a figure say something."""

from __future__ import annotations

__all__ = ["MANY", "number_text", "share_text", "span_text"]

LARGE = 1e9  # from which on a number is written with an exponent
SPANS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0}
MANY = 1000  # from which on digits after the point tell nothing


def share_text(value: float) -> str:
    """Three digits after the point; 0 has no sign.

    Examples
    --------
    >>> share_text(0.12345), share_text(-0.0001), share_text(-4e200)
    ('0.123', '0.000', '-4e+200')
    """
    text = f"{value:.3f}" if abs(value) < MANY else f"{value:.4g}"
    return text.removeprefix("-") if text == "-0.000" else text


def number_text(value: float) -> str:
    """Four digits, or as many as stand before the point.

    Examples
    --------
    >>> number_text(263.9551), number_text(1234567.8), number_text(0.0), number_text(2e300)
    ('264.0', '1234568', '0', '2.000e+300')
    """
    if not value:
        return "0"
    return f"{value:.0f}" if MANY <= abs(value) < LARGE else f"{value:#.4g}"


def span_text(seconds: float) -> str:
    """A span of time, in the largest unit of which there is one at least.

    Examples
    --------
    >>> span_text(90.0), span_text(2.5 * 86_400), span_text(0.5)
    ('1.500 minutes', '2.500 days', '0.5000 seconds')
    """
    unit, size = next(((name, size) for name, size in SPANS.items() if seconds >= size), ("seconds", 1.0))
    return f"{number_text(seconds / size)} {unit}"
