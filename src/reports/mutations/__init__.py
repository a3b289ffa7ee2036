"""Files damaged on purpose: each is refused in words, or is what its header says."""
