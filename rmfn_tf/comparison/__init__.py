"""Models beside each other: resampling, tests, tables, and what was published."""
