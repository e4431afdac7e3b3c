"""Training and judging: a run folder in, honest numbers out."""
