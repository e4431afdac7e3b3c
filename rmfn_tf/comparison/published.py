"""What others published for a data set, printed beside our numbers and never as ours."""

from typing import Any

_RMFN = "Liang et al. 2018 (RMFN), arXiv 1808.03920"
_LMF = "Liu et al. 2018 (LMF), arXiv 1806.00064"
_EARLIER = "as quoted in 2018; which paper printed this value first was not noted"
_COUNTED = "no paper's row: what the labels alone give"

# As printed: shares and F1 in percent, mae and r as they are, None where nothing was printed.
_TABLES: dict[str, tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]] = {
    "cmu_mosi": (
        ("a2", "f1", "a7", "mae", "r"),
        (
            ("always negative", _COUNTED, 55.2, None, None, None, None),
            ("constant 0", _COUNTED, 44.8, None, 15.5, 1.417, None),
            ("BC-LSTM", _EARLIER, 73.9, 73.9, 28.7, 1.079, 0.581),
            ("MV-LSTM", _EARLIER, 73.9, 74.0, 33.2, 1.019, 0.601),
            ("TFN", _EARLIER, 73.9, 73.4, 32.1, 0.970, 0.633),
            ("LMF", _LMF, 76.4, 75.7, 32.8, 0.912, 0.668),
            ("MARN", _EARLIER, 77.1, 77.0, 34.7, 0.968, 0.625),
            ("MFN", _EARLIER, 77.4, 77.3, 34.1, 0.965, 0.632),
            ("RMFN", _RMFN, 78.4, 78.0, 38.3, 0.922, 0.681),
        ),
    ),
    "iemocap": (
        ("weighted_f1_happy", "weighted_f1_sad", "weighted_f1_angry", "weighted_f1_neutral"),
        (
            ("never present", _COUNTED, 81.8, 63.8, 61.5, 51.1),
            ("SVM", _LMF, 81.5, 78.8, 82.4, 64.9),
            ("BC-LSTM", _LMF, 81.7, 81.7, 84.2, 64.1),
            ("MV-LSTM", _LMF, 81.3, 74.0, 84.3, 66.7),
            ("MARN", _LMF, 83.6, 81.2, 84.2, 65.9),
            ("MFN", _LMF, 84.0, 82.1, 83.7, 69.2),
            ("TFN", _LMF, 83.6, 82.8, 84.2, 65.4),
            ("LMF", _LMF, 85.8, 85.9, 89.0, 71.7),
        ),
    ),
    "pom": (
        ("mae", "r", "accuracy"),
        (
            ("SVM", _LMF, 0.887, 0.104, 33.9),
            ("BC-LSTM", _LMF, 0.840, 0.278, 34.8),
            ("MV-LSTM", _LMF, 0.891, 0.270, 34.6),
            ("MFN", _LMF, 0.805, 0.349, 41.7),
            ("TFN", _LMF, 0.886, 0.093, 31.6),
            ("LMF", _LMF, 0.796, 0.396, 42.8),
        ),
    ),
}
_NOT_IN_PERCENT = ("mae", "r")

_SOURCES = {
    "cmu_mosi": f"RMFN's row: {_RMFN}. LMF's row: {_LMF}. The other models' rows: {_EARLIER}.",
    "iemocap": f"{_LMF}. RMFN's own row for IEMOCAP could not be seen.",
    "pom": f"{_LMF}. RMFN's own row for POM could not be seen.",
}
_BEST_PER_METRIC = (
    "MFN's own logs of 2,023 runs show that its published CMU-MOSI row is the best test value of "
    "each metric taken separately; its run chosen on validation has A2 0.743 and MAE 1.024."
)
_NOT_KNOWN = "How the rows here were chosen among runs is not known."
_PROTOCOL = {
    "cmu_mosi": [
        "Segments: 1,284 for training, 229 for validation, 686 for test.",
        "A2 and F1 are over all segments, negative against non-negative (y ≥ 0).",
        _BEST_PER_METRIC,
        "How the other rows were chosen among runs is not known.",
    ],
    "iemocap": [
        "Four binary tasks, each emotion present or not; each F1 is weighted by support.",
        _BEST_PER_METRIC,
        _NOT_KNOWN,
    ],
    "pom": [
        "Every value is the mean over 16 traits.",
        "The published accuracy compares rounded values without clipping the prediction to the "
        "trait's range; ours clips.",
        _BEST_PER_METRIC,
        _NOT_KNOWN,
    ],
}


def published_for(data: str) -> dict[str, Any] | None:
    """The published rows of a data set, under our metrics' names and in their units.

    The names are those of `metrics_for`. IEMOCAP's papers give each emotion its own F1, so there
    they are `weighted_f1_happy`, `_sad`, `_angry` and `_neutral`: `weighted_f1` of that label
    alone. Accuracies and F1 are shares in [0, 1], which papers print in percent.

    Args:
        data: a data set, with or without its config: `"pom"`, `"pom/mfn_arrays"`.

    Returns:
        `{"source": text, "protocol": [sentences], "rows": [{"row": name, "kind": "published" |
        "trivial", "source": text, "values": {metric: value}}]}`; "trivial" rows are no paper's but
        follow from the labels. Metrics that were not printed are left out. None for a data set
        without published rows. The dict is the caller's own.
    """
    name = data.partition("/")[0]
    if name not in _TABLES:
        return None
    metrics, rows = _TABLES[name]
    return {
        "source": _SOURCES[name],
        "protocol": list(_PROTOCOL[name]),
        "rows": [
            {
                "row": row,
                "kind": "trivial" if source == _COUNTED else "published",
                "source": source,
                "values": {
                    metric: _in_our_units(metric, value)
                    for metric, value in zip(metrics, printed, strict=True)
                    if value is not None
                },
            }
            for row, source, *printed in rows
        ],
    }


def _in_our_units(metric: str, printed: float) -> float:
    # Papers print percent with one decimal: rounding makes 41.7 the float 0.417 and nothing near.
    return printed if metric in _NOT_IN_PERCENT else round(printed / 100, 3)
