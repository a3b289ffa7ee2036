"""What the tests found beside published values and theory, for the page of validation."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .work_folder import written


@dataclass(frozen=True)
class ReferenceValue:
    """One number beside the one that it should be.

    Attributes
    ----------
    what : str
        The quantity and its case.
    ours, reference : float
    within : float
        How far they may lie apart.
    unit : str
        Empty for a pure number.
    source : str
        Where the reference is from.
    """

    what: str
    ours: float
    reference: float
    within: float
    unit: str
    source: str

    @property
    def passed(self) -> bool:
        """Whether they agree."""
        return abs(self.ours - self.reference) <= self.within

    @property
    def digits(self) -> int:
        """Decimal places that show a tenth of what is allowed, seven at most."""
        if self.within <= 0:
            return 0 if float(self.reference).is_integer() else 6
        return next((n for n in range(7) if self.within * 10**n >= 10), 7)


def keep_references(file: Path, values: list[ReferenceValue]) -> None:
    """Write what one test compared.

    Parameters
    ----------
    file : pathlib.Path
    values : list of ReferenceValue
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    written(file, json.dumps([asdict(one) for one in values], indent=1))


def kept_references(folder: Path) -> list[ReferenceValue]:
    """Read what all tests compared, in the order of their files' names.

    Parameters
    ----------
    folder : pathlib.Path
        Of files of `keep_references`.
    """
    files = sorted(folder.glob("*.json"))
    return [ReferenceValue(**one) for file in files for one in json.loads(file.read_text("utf-8"))]


def reference_section(values: list[ReferenceValue]) -> list[str]:
    """Write every reference beside ours, as lines of Markdown.

    Parameters
    ----------
    values : list of ReferenceValue
        None at all is said: the tests did not run before.
    """
    title = ["## Reference values", ""]
    if not values:
        return [*title, "Not compared: the tests that know them did not run (`make validate`)."]
    good = sum(one.passed for one in values)
    return [
        *title,
        f"**{good} of {len(values)} numbers agree with theory or with what was published.** The "
        "tests of this repository compare them and write this table; *allowed* is the difference "
        "at which the test fails, most of it the error that voxels of that size make.",
        "",
        "| quantity | ours | reference | apart | allowed | source |",
        "|---|---:|---:|---:|---:|---|",
        *(_line(one) for one in values),
    ]


def _line(one: ReferenceValue) -> str:
    unit = f" {one.unit}" if one.unit else ""
    ours, reference = (f"{value:.{one.digits}f}{unit}" for value in (one.ours, one.reference))
    apart = one.ours - one.reference
    return (
        f"| {one.what} | {ours} | {reference} | {f'{apart:.2g}' if apart else 'none'} "
        f"| {f'{one.within:.2g}' if one.within else 'none'} | {one.source} |"
    )
