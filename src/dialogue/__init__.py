"""The talk before an import: what a file is, what it leaves open, and who answers."""

from __future__ import annotations

from .every_image import import_every_image
from .person import Person
from .questions import lengths
from .talk import import_files
from .terminal import ask

__all__ = ["Person", "ask", "import_every_image", "import_files", "lengths"]
