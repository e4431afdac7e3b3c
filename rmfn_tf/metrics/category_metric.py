from typing import Any

import keras

from rmfn_tf.metrics.categories import Categories
from rmfn_tf.metrics.column_metric import ColumnMetric


class CategoryMetric(ColumnMetric):
    """A `ColumnMetric` of categories instead of numbers.

    Args:
        categories: how labels and predictions become categories: `Threshold`, `RoundedScale` or
            `MostProbable`.
        name: column of the results.
        dtype: of the state and the value.

    Raises:
        ValueError: `categories` is nothing of the kind.
    """

    def __init__(
        self, categories: Categories, name: str | None = None, dtype: str | None = "float64"
    ):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(categories, Categories):
            raise ValueError(
                f"{type(self).__name__}: `categories` must be a Threshold, RoundedScale or "
                f"MostProbable; got {categories!r}."
            )
        self.categories = categories

    def get_config(self) -> dict[str, Any]:
        categories = keras.saving.serialize_keras_object(self.categories)
        return {"categories": categories, **super().get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CategoryMetric":
        categories = keras.saving.deserialize_keras_object(config["categories"])
        return cls(**{**config, "categories": categories})
