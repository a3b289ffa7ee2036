"""Draw the golden pictures anew: all, or those named. Look at them before they are committed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from pictured import FOLDER, WIDGETS, filled, picture


def main(names: list[str]) -> None:
    """Write the pictures."""
    unknown = sorted(set(names) - set(WIDGETS))
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are: {', '.join(WIDGETS)}")
    for name in names or WIDGETS:
        with tempfile.TemporaryDirectory() as folder, filled(Path(folder)) as ws:
            drawn = picture(ws, name).quantize(256, dither=0)
            drawn.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
