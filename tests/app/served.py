"""The application as a person starts it, on a small specimen."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
import psutil

from scalebridge import Workspace

SPACING_UM = 2.0
BALLS_UM = np.array([(30, 80, 80), (60, 240, 120), (90, 120, 300), (40, 320, 330), (70, 200, 220)])


def make_specimen(folder):
    """Two scans, the first large enough to travel as a coarse copy, and landmarks between them."""
    places = np.stack(np.indices((60, 200, 200), dtype=np.float32), axis=-1) * SPACING_UM
    nearest = np.min([np.linalg.norm(places - ball, axis=-1) for ball in BALLS_UM], axis=0)
    rng = np.random.default_rng(0)
    grey = 90 + 100 * (nearest < 24) + rng.normal(0, 6, nearest.shape)
    scan = grey.clip(0, 255).astype(np.uint8)
    with Workspace.create(folder) as ws:
        for name, values in {"before": scan, "after": scan[::2, ::2, ::2].copy()}.items():
            size = SPACING_UM if name == "before" else 2 * SPACING_UM
            ws.images.write(
                name, shape=values.shape, dtype=values.dtype, axes="zyx", modality="XRM",
                blocks=[(tuple(slice(0, n) for n in values.shape), values)],
                spacing_um=(size,) * 3, spacing_source="made for a test",
            )  # fmt: skip
        for number, (z, y, x) in enumerate(BALLS_UM[:4].tolist(), start=1):
            spot = {"z_um": z, "y_um": y, "x_um": x}
            moved = {**spot, "x_um": x + (0.2 if number % 2 else -0.2)}
            ws.landmarks.add(
                name=f"L{number}", moving_frame="after", fixed_frame="before",
                moving=moved, fixed=spot, placed_by="person",
            )  # fmt: skip
    return folder


class Served:
    """A running ``scalebridge app``."""

    def __init__(self, process, address):
        self.process, self.address = process, address
        parts = urlsplit(address)
        self.origin, self.port = f"http://{parts.netloc}", parts.port
        self.token = parts.query.removeprefix("token=")

    def listening(self):
        """Addresses that it and its children listen on."""
        own = psutil.Process(self.process.pid)
        every = [own, *own.children(recursive=True)]
        return {
            connection.laddr.ip
            for one in every
            for connection in one.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }


@contextmanager
def served(folder, *words, **environment):
    """Start the application in a process of its own, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "scalebridge.cli", "app", str(folder), "--no-browser", *words]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                break
        else:
            raise AssertionError(f"the application ended: {''.join(said)}")
        rest = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
        rest.start()  # a full pipe would stop it
        yield Served(process, found.group())
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        assert "Traceback" not in "".join(said), "".join(said)
