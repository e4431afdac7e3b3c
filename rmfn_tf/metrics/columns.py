"""Batches as columns: one shape for every metric, so that nothing broadcasts by accident."""

from typing import Any

from keras import ops


def as_columns(values: Any, name: str, dtype: str) -> Any:
    """`values` of shape `(batch, columns)` or `(batch,)` as a `(batch, columns)` tensor.

    Raises:
        ValueError: another rank, or a number of columns that is not known beforehand.
    """
    values = ops.convert_to_tensor(values, dtype=dtype)
    if len(values.shape) == 1:
        values = ops.expand_dims(values, -1)
    if len(values.shape) != 2 or values.shape[-1] is None:
        raise ValueError(
            f"`{name}` must have shape (batch, columns), with a known number of columns, or "
            f"(batch,); got {tuple(values.shape)}."
        )
    return values


def check_same_columns(y_true: Any, y_pred: Any) -> None:
    """A ValueError unless both have the same number of columns."""
    if y_true.shape[-1] != y_pred.shape[-1]:
        raise ValueError(
            "`y_true` and `y_pred` must have the same columns, one per label; got "
            f"{y_true.shape[-1]} in `y_true` and {y_pred.shape[-1]} in `y_pred`."
        )


def check_same_rows(**tensors: Any) -> None:
    """A ValueError where the numbers of rows are known and differ (1 row would broadcast)."""
    rows = {name: tensor.shape[0] for name, tensor in tensors.items()}
    if len(set(rows.values()) - {None}) > 1:
        listed = ", ".join(f"{count} in `{name}`" for name, count in rows.items())
        raise ValueError(f"The arguments must have the same number of rows; got {listed}.")


def weights_like(sample_weight: Any, y_true: Any, dtype: str) -> Any:
    """Sample weights as `(batch, columns)`, the shape of `y_true`.

    Args:
        sample_weight: `None` (ones), a number, `(batch,)`, `(batch, 1)` or `(batch, columns)`.
        y_true: `(batch, columns)`.
        dtype: of the result.

    Raises:
        ValueError: another shape.
    """
    if sample_weight is None:
        return ops.ones_like(y_true, dtype=dtype)
    weights = ops.convert_to_tensor(sample_weight, dtype=dtype)
    if len(weights.shape) > 0:
        weights = as_columns(weights, "sample_weight", dtype)
        check_same_rows(y_true=y_true, sample_weight=weights)
        if weights.shape[-1] not in (1, y_true.shape[-1]):
            raise ValueError(
                "`sample_weight` must have one column or those of `y_true`; got "
                f"{weights.shape[-1]} and {y_true.shape[-1]}."
            )
    return ops.broadcast_to(weights, ops.shape(y_true))


def weighted_sum(statistics: Any, weights: Any) -> Any:
    """Σ over rows of weight · statistic.

    Args:
        statistics: `(batch, columns, statistics)`.
        weights: `(batch, columns)`.

    Returns:
        `(columns, statistics)`; a row of weight 0 counts for nothing, even where it is NaN.
    """
    weights = ops.expand_dims(weights, -1)
    return ops.sum(ops.where(weights != 0, weights * statistics, 0.0), axis=0)
