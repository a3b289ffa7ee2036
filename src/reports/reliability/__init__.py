"""Counts of what could be lost: kills, flipped bits, full disks."""
