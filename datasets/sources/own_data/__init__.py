"""A user's own data: `data.toml` and NPZ files, read in bounds."""
