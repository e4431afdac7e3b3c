"""A made-up folder of recordings: TextGrids, OpenFace-like and openSMILE-like CSVs, segments."""

import csv
from pathlib import Path

import numpy as np
from praatio import textgrid

FEATURES = ("AU01_r", "AU02_r", "gaze_0_x")
LETTERS = "abcdefghijklmnop"


def write_csv(path: Path, header, rows, delimiter=",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def write_textgrid(path: Path, tiers, form="long_textgrid") -> Path:
    """Tier name -> [(start, end, label)], written by praatio; gaps become empty labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = textgrid.Textgrid()
    for name, entries in tiers.items():
        grid.addTier(textgrid.IntervalTier(name, entries, minT=0))
    grid.save(str(path), format=form, includeBlankSpaces=True)
    return path


def draw_words(generator, count=12):
    """Words with random times (so that no comparison is a tie), some with silence between."""
    words, time = [], float(generator.uniform(0.05, 0.3))
    for _ in range(count):
        end = time + float(generator.uniform(0.1, 0.6))
        letters = int(generator.integers(1, 8))
        words.append((time, end, "".join(generator.choice(list(LETTERS), letters))))
        time = end + float(generator.choice([0, generator.uniform(0.05, 0.4)]))
    return words


def draw_openface(generator, seconds, rate=25.0):
    """Rows of OpenFace; one in eight frames has no face."""
    times = np.arange(0, seconds, 1 / rate)
    rows = []
    for frame, time in enumerate(times):
        success = int(generator.random() > 0.125)
        values = generator.uniform(0, 5, len(FEATURES)).round(3)
        rows.append([frame + 1, 0, f"{time:.3f}", 0.98 * success, success, *values])
    return rows


OPENFACE_HEADER = ["frame", " face_id", " timestamp", " confidence", " success"]
OPENFACE_HEADER += [f" {name}" for name in FEATURES]
SMILE_HEADER = ["name", "frameTime", "F0", "loudness"]


def make_recordings(folder: Path, videos=("one", "two", "three", "four"), seed=0):
    """Writes the folder; gives video -> {"words", "openface", "smile", "segments"} as drawn."""
    made: dict[str, dict] = {}
    table = []
    for number, video in enumerate(videos):
        generator = np.random.default_rng([seed, number])
        words = draw_words(generator)
        seconds = words[-1][1] + 0.5
        openface = draw_openface(generator, seconds)
        smile = [[video, time, *generator.normal(size=2)] for time in np.arange(0, seconds, 0.0101)]
        cuts = np.sort(generator.uniform(0, seconds, 2))
        bounds, labels = [0.0, *cuts, seconds], (0.5 + number, -1.25 - number, 2.0 * number)
        segments = list(zip(bounds[:-1], bounds[1:], labels, strict=True))
        write_textgrid(folder / "words" / f"{video}.TextGrid", {"words": words})
        write_csv(folder / "openface" / f"{video}.csv", OPENFACE_HEADER, openface)
        write_csv(folder / "smile" / f"{video}.csv", SMILE_HEADER, smile, delimiter=";")
        table.append([[video, *segment] for segment in segments])
        made[video] = {
            "words": words,
            "openface": openface,
            "smile": smile,
            "segments": segments,
        }
    rows = [row for one_of_each in zip(*table, strict=True) for row in one_of_each]
    write_csv(folder / "segments.csv", ["video", "start", "end", "sentiment"], rows)
    return made
