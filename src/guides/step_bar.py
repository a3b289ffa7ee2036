"""A bar for the steps of a long calculation, where a person looks at the notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..workspace.serving import is_headless
from .steps import StepProgress


@contextmanager
def step_bar() -> Iterator[Callable[[StepProgress], None] | None]:
    """Show a bar with the time left while a cell runs; nothing in a headless run.

    To stop, interrupt the kernel: what is done is kept.

    Yields
    ------
    callable or None
        What `answer_questions` takes as its `progress`.
    """
    if is_headless() or not in_notebook():
        yield None
        return
    import ipywidgets as ipw
    from IPython.display import display

    bar, said = ipw.IntProgress(max=1), ipw.Label()
    row = ipw.HBox([bar, said])
    display(row)

    def tell(now: StepProgress) -> None:
        bar.max, bar.value, said.value = now.of, now.done, now.words()

    try:
        yield tell
    finally:
        row.close()


def in_notebook() -> bool:
    """Whether a kernel runs, so that a person may look."""
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
