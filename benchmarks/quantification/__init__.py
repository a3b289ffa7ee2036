"""Measuring a volume: what is run, by which programs, on what, and how right it is."""
