"""The kernel that runs templates: this very interpreter, whatever kernels are registered.

Looking a kernel up by name can find another environment's ``python3``, or none at all on a
machine where nobody registered one. IPython's start-up files of the person are left out too, so
that a run depends on the template and the workspace alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.engines import NBClientEngine, papermill_engines

ENGINE = "scalebridge"
_SOCKET_PATH_LIMIT = 90  # of the 104 characters that macOS gives a socket, with a number behind it


@dataclass(frozen=True)
class Progress:
    """How far a template is: cell `cell` of `cells` has just been started."""

    template: str
    cell: int
    cells: int


ProgressCallback = Callable[[Progress], None]


def kernel_manager(environment: Mapping[str, str], private: Path) -> type[AsyncKernelManager]:
    """Return a kernel manager class that starts the current interpreter.

    Parameters
    ----------
    environment : mapping
        Variables added to those of this process.
    private : pathlib.Path
        A folder that only this person can enter; the kernel's sockets lie there, so that no
        other user of the machine can reach or overhear them.
    """
    escaped = {name: value.replace("$", "$$") for name, value in environment.items()}
    spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Scalebridge",
        language="python",
        env=escaped,
    )

    sockets = private / "kernel"

    class ThisInterpreter(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            if len(str(sockets)) <= _SOCKET_PATH_LIMIT and sys.platform != "win32":
                options |= {"transport": "ipc", "ip": str(sockets)}
            super().__init__(**options)

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

        async def _async_interrupt_kernel(self) -> None:
            # On its way to a shutdown jupyter_client interrupts first. A kernel that has answered
            # the last question but is still tidying up then logs "KeyboardInterrupt caught in
            # kernel" on the terminal; one that hangs in a cell is ended by SIGTERM anyway.
            if not self.shutting_down:
                await super()._async_interrupt_kernel()

    return ThisInterpreter


def kernel_environment(
    run_id: str, private: Path, *, notebook: Path | None = None
) -> dict[str, str]:
    """Return the variables of a run's kernel.

    Parameters
    ----------
    run_id : str
        Read by `scalebridge.reports.recording` to tie measurements to their run; may be empty.
    private : pathlib.Path
        A folder for IPython's own files.
    notebook : pathlib.Path, optional
        Where the notebook lies; what ships with it is looked for there.
    """
    return {
        "SCALEBRIDGE_RUN": run_id,
        "SCALEBRIDGE_NOTEBOOK_FOLDER": "" if notebook is None else str(notebook),
        "IPYTHONDIR": str(private / "ipython"),
        "PYTHONHASHSEED": "0",  # the order of sets must not differ between two runs
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


class ScalebridgeEngine(NBClientEngine):
    """papermill's own engine, which also tells how far it is."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run the notebook; ``on_cell(index, count)`` is called before each of its cells."""
        on_cell = options.pop("on_cell")
        start = nb_man.cell_start

        def announced(cell: Any, cell_index: int | None = None, **rest: Any) -> None:
            on_cell((cell_index or 0) + 1, len(nb_man.nb.cells))
            start(cell, cell_index, **rest)

        nb_man.cell_start = announced
        # The file is read at the end alone; at every cell it would encode all pictures once more.
        nb_man.save = lambda **_: None
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            del nb_man.save


papermill_engines.register(ENGINE, ScalebridgeEngine)
