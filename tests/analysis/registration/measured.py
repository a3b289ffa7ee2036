"""Landmarks that people picked on real specimens, read from their files."""

from __future__ import annotations

import numpy as np
import pandas as pd


def bigwarp(path):
    """Read a BigWarp file as moving and fixed points in z, y, x, pairs listed twice once."""
    rows = pd.read_csv(path, header=None)
    rows = rows[rows[1].astype(str).str.lower() == "true"]
    rows = rows[np.isfinite(rows[[2, 3, 4, 5, 6, 7]]).all(axis=1)]
    return once(rows[[4, 3, 2]].to_numpy(float), rows[[7, 6, 5]].to_numpy(float))


def once(moving, fixed):
    """Keep the first of pairs that are listed several times."""
    _, first = np.unique(np.hstack([moving, fixed]), axis=0, return_index=True)
    return moving[np.sort(first)], fixed[np.sort(first)]


def histology(folder):
    """Read the two landmark lists of a BIRL pair as points in y, x."""
    lists = [pd.read_csv(path)[["Y", "X"]].to_numpy(float) for path in sorted(folder.glob("*.csv"))]
    count = min(map(len, lists))
    return lists[0][:count], lists[1][:count]


SETS = {
    "lesions": lambda data: histology(data / "birl_histology_landmarks" / "lesions_"),
    "kidney": lambda data: histology(data / "birl_histology_landmarks" / "rat-kidney_"),
    "v14": lambda data: bigwarp(data / "fafb_lm_em_landmarks" / "lm-em-landmarks_v14.csv"),
    "v13": lambda data: bigwarp(data / "fafb_lm_em_landmarks" / "lm-em-landmarks_v13.csv"),
    "v11": lambda data: bigwarp(data / "fafb_lm_em_landmarks" / "lm-em-landmarks_v11.csv"),
}
