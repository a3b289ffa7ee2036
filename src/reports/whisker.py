"""A 95 % interval as a line of its own, with the truth beside it where it is known."""

from __future__ import annotations

from .key_number import KeyNumber
from .markup import Markup

_WIDTH, _HEIGHT, _MARGIN = 92, 18, 6


def whisker(number: KeyNumber, *, truth: float | None = None) -> Markup:
    """Draw the interval of a key number as a small inline picture.

    Parameters
    ----------
    number : KeyNumber
    truth : float, optional
        In the unit of the number; drawn as an upright stroke.

    Returns
    -------
    Markup
        An SVG element; empty where no interval is stated. Every number has its own scale.
    """
    if number.bounds is None or number.value is None:
        return Markup("")
    lower, upper = number.bounds
    places = [lower, upper, number.value] + ([] if truth is None else [truth])
    start, span = min(places), (max(places) - min(places)) or 1.0

    def x(place: float) -> str:
        return f"{_MARGIN + (place - start) / span * (_WIDTH - 2 * _MARGIN):.1f}"

    middle = _HEIGHT / 2
    mark = (
        Markup("")
        if truth is None
        else Markup('<line class="truth" x1="{0}" x2="{0}" y1="1" y2="{1}"/>').format(
            x(truth), _HEIGHT - 1
        )
    )
    return Markup(
        '<svg class="whisker" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true">'
        '<path class="bar" d="M{a} {top}V{bottom}M{b} {top}V{bottom}M{a} {m}H{b}"/>'
        '{mark}<circle cx="{v}" cy="{m}" r="3.2"/></svg>'
    ).format(
        w=_WIDTH,
        h=_HEIGHT,
        a=x(lower),
        b=x(upper),
        v=x(number.value),
        m=middle,
        top=middle - 4,
        bottom=middle + 4,
        mark=mark,
    )
