"""Straight or bent: maps that what was left out asks for, and which of them a person takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ...columns import significant
from ...workspace import Workspace
from ...workspace.serving import is_headless
from ..step_bar import in_notebook
from .automatic import Proposal
from .fitting import register_pair
from .pair import PairResult
from .proposal_views import Found
from .proposals import search_transform

_COLUMNS = [
    "registration",
    "map",
    "left-out error [µm]",
    "offered",
    "its left-out error [µm]",
    "less [%]",
    "95 % interval",
    "apart [µm]",
]


@dataclass
class MapChoice:
    """Richer maps that are offered, and the model that is taken for each registration.

    Attributes
    ----------
    ws : Workspace
    results : sequence of PairResult
        By landmarks.
    found : Proposal, SurfaceRegistration or None
        By grey values.
    target : str or None
        At which the error matters.
    taken : dict of str to str
        Model by the name of its registration: the straight one until a person takes another.
    """

    ws: Workspace
    results: Sequence[PairResult]
    found: Found | None = None
    target: str | None = None
    taken: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = {name: models[0] for name, models in self.offers.items()} | self.taken

    @property
    def offers(self) -> dict[str, tuple[str, str]]:
        """The straight model and the offered one, by the name of the registration."""
        named: dict[str, tuple[str, str]] = {
            r.name: (r.fit.transform.model, r.bend.model) for r in self.results if r.bend
        }
        richer = self.found.richer if isinstance(self.found, Proposal) else None
        if richer is not None and richer.offered is not None and self.found is not None:
            named[self.found.name] = (richer.given, richer.offered)
        return named

    @property
    def statements(self) -> tuple[str, ...]:
        """Each offer in words."""
        said = [f"{r.title}: {r.bend.statement()}." for r in self.results if r.bend]
        if isinstance(self.found, Proposal) and self.found.name in self.offers:
            richer: Any = self.found.richer
            said.append(f"{self.found.moving} in {self.found.fixed}: {richer.statement}.")
        return tuple(said)

    def table(self) -> pd.DataFrame:
        """What each offer gains at what was left out; empty where nothing was judged."""
        if isinstance(self.found, Proposal) and self.found.richer is not None:
            return _by_grey(self.found.richer.table)
        rows = [_by_landmarks(result) for result in self.results if result.bend]
        table = pd.DataFrame(rows, columns=_COLUMNS)
        for column in (name for name in _COLUMNS if name.endswith("[µm]")):
            table[column] = significant(table[column])
        return table

    def take(self, name: str, model: str) -> None:
        """Take a model for a registration.

        Raises
        ------
        ValueError
            It is not offered.
        """
        models = self.offers.get(name)
        if models is None or model not in models:
            known = "; ".join(f"{one}: {', '.join(pair)}" for one, pair in self.offers.items())
            raise ValueError(
                f"nothing like {model!r} is offered for {name!r}: choose from {known or 'nothing'}"
            )
        self.taken[name] = model

    def show(self) -> None:
        """Let a person choose, where one looks at the notebook; without an offer, nothing."""
        if not self.offers or is_headless() or not in_notebook():
            return
        from IPython.display import display

        display(self.controls())

    def controls(self) -> Any:
        """A list of models for each registration that is offered one."""
        import ipywidgets as ipw

        rows: list[Any] = []
        for name, models in self.offers.items():
            chosen = ipw.Dropdown(
                options=models,
                value=self.taken[name],
                description=f"map of {name}",
                style={"description_width": "initial"},
                layout=ipw.Layout(width="360px", max_width="100%"),
            )
            chosen.observe(lambda change, name=name: self.take(name, change["new"]), names="value")
            rows.append(chosen)
        rows.append(ipw.HTML("Choose, then run the cells below; nothing is written before."))
        return ipw.VBox(rows)

    def chosen(self) -> tuple[list[PairResult], Found | None]:
        """Give all registrations with the models that were taken."""
        results = [
            register_pair(
                self.ws,
                result.picker.moving,
                result.picker.fixed,
                model=self.taken[result.name],
                target=self.target,
            )
            if self._other(result.name)
            else result
            for result in self.results
        ]
        found = self.found
        if found is not None and self._other(found.name):
            found = search_transform(
                self.ws,
                method="automatic",
                moving=found.moving,
                fixed=found.fixed,
                model=self.taken[found.name],
            )
        return results, found

    def _other(self, name: str) -> bool:
        return name in self.offers and self.taken[name] != self.offers[name][0]


def _by_landmarks(result: PairResult) -> dict[str, Any]:
    offer: Any = result.bend
    low, high = (f"{100 * share:.0f}" for share in offer.less95)
    values = (
        result.title,
        offer.instead_of,
        offer.loo_um,
        offer.model,
        offer.loo_bend_um,
        round(100 * offer.less),
        f"{low} to {high} %",
        offer.apart_um,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _by_grey(table: pd.DataFrame) -> pd.DataFrame:
    named = {
        "model": "map",
        "gain_nat": "gain [nat]",
        "gain_error_nat": "gain ± [nat]",
        "apart_um": "apart [µm]",
    }
    shown = table.rename(columns=named)
    for column in ("gain [nat]", "gain ± [nat]", "apart [µm]"):
        shown[column] = significant(shown[column].astype(float), digits=2)
    return shown
