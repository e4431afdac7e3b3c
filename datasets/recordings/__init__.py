"""A user's own recordings: words, frames and labelled segments from TextGrid and CSV, aligned into
the folder that the data set `custom` takes."""
