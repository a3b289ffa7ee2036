"""What a file leaves behind in the process that read it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

#: Memory that may stay [MiB]: with modules that were loaded for a file, without, and in all.
_LOADED_MB, _GROWN_MB, _LARGEST_MB = 400.0, 96.0, 600.0
#: Compiled packages that are loaded along the way and are given no bytes of a foreign file.
_NO_PARSERS = {
    "numpy", "scipy", "numba", "llvmlite", "pandas", "psutil", "box", "charset_normalizer",
    "markupsafe", "msgpack", "tornado", "yaml", "_csparsetools", "_cyutility",
}  # fmt: skip
_COMPILED = tuple(EXTENSION_SUFFIXES)


@dataclass(frozen=True)
class Before:
    """A process before it is given a file.

    Attributes
    ----------
    handles : int
    threads : int
    memory_mb : float
        Private memory [MiB].
    modules : int
    folder : str
    environment : dict
    """

    handles: int
    threads: int
    memory_mb: float
    modules: int
    folder: str
    environment: dict[str, str]

    @classmethod
    def now(cls) -> Before:
        """Look at this process."""
        return cls(
            handles=_handles(),
            threads=threading.active_count(),
            memory_mb=_memory_mb(),
            modules=len(sys.modules),
            folder=os.getcwd(),
            environment=dict(os.environ),
        )

    def left_by(self, path: str) -> list[str]:
        """Name what is there since then and should not be."""
        gc.collect()
        gc.freeze()  # the modules that stay need not be looked through after every file
        now = Before.now()
        may_stay = _LOADED_MB if now.modules > self.modules else _GROWN_MB
        found = {
            "open files": now.handles > self.handles or _is_mapped(path),
            "threads": now.threads > self.threads,
            "child processes": _has_children(),
            "memory": now.memory_mb > min(self.memory_mb + may_stay, _LARGEST_MB),
            "another folder": now.folder != self.folder,
            "another environment": now.environment != self.environment,
        }
        return [name for name, there in found.items() if there]


def compiled_parsers() -> list[str]:
    """Packages with compiled modules that may have been given a file's bytes."""
    found = {
        name.partition(".")[0]
        for name, module in list(sys.modules.items())
        if str(getattr(module, "__file__", None) or "").endswith(_COMPILED)
    }
    return sorted(found - _NO_PARSERS - sys.stdlib_module_names)


def _handles() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        import psutil

        me = psutil.Process()
        return int(me.num_handles() if hasattr(me, "num_handles") else me.num_fds())


def _memory_mb() -> float:
    from .watch import private_memory_mb

    return private_memory_mb(os.getpid())


def _is_mapped(path: str) -> bool:
    try:
        return path.encode() in Path("/proc/self/maps").read_bytes()
    except OSError:
        return False


def _has_children() -> bool:
    own = f"/proc/{os.getpid()}/task"
    try:
        return any(Path(own, thread, "children").read_bytes().strip() for thread in os.listdir(own))
    except OSError:
        import psutil

        return bool(psutil.Process().children())
