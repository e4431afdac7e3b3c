"""Word-level alignment of one video at a time."""
