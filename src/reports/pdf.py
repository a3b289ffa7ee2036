"""The report as PDF, printed by a Chromium that is installed; nothing else can do it well."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import ScalebridgeError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
_QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)
_SECONDS = 120


def find_chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome; None where there is none."""
    found = (shutil.which(name) for name in _NAMES)
    places = (place for place in _PLACES if Path(place).exists())
    return next((path for path in (*found, *places) if path), None)


def write_pdf(html: Path, pdf: Path) -> None:
    """Print a report to A4.

    Parameters
    ----------
    html, pdf : pathlib.Path
        The report, and where its print goes.

    Raises
    ------
    ScalebridgeError
        No Chromium is installed, or it could not print; the HTML stands as it is.
    """
    browser = find_chromium()
    if browser is None:
        raise ScalebridgeError(
            f"a PDF needs an installed Chromium or Chrome, found none: open {html} in a browser "
            "and print it"
        )
    with tempfile.TemporaryDirectory(prefix="scalebridge-pdf-") as profile:
        sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        command = [browser, *_QUIET, *sandbox, f"--user-data-dir={profile}"]
        command += [f"--print-to-pdf={pdf.resolve()}", html.resolve().as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise ScalebridgeError(
                f"{browser} could not print the report ({type(error).__name__}): open {html} in a "
                "browser and print it"
            ) from error
    if not pdf.exists():
        raise ScalebridgeError(f"{browser} wrote no PDF: open {html} in a browser and print it")
