"""Counts of what no fault may lose: kills, restarts, many writers, damaged files, full disks."""
