import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="rmfn_tf")
class FeatureScaling(keras.layers.Layer):
    """Scales one modality's features inside the model, so that what trains is served.

        y = clip((x - center) / scale, -clip, clip)

    Rows (time steps) whose features are all zero are missing in this modality and stay zero;
    non-finite values become 0. Always float32, whatever the dtype policy.

    Args:
        center: `(features,)`, or one number for all.
        scale: `(features,)` positive, or one number for all.
        clip: largest absolute value after scaling, or `None`.

    Call arguments:
        inputs: `(..., features)`.

    Output:
        The shape of `inputs`, float32, finite.

    Raises:
        ValueError: values not finite, a scale or clip that is not positive, widths that differ.
    """

    def __init__(self, center=0.0, scale=1.0, clip=None, **kwargs):
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.initial_center = _finite("center", center)
        self.initial_scale = _finite("scale", scale)
        if (self.initial_scale <= 0).any():
            raise ValueError(f"FeatureScaling: `scale` must be positive; got {scale!r}.")
        if clip is not None and not 0 < clip < float("inf"):
            raise ValueError(f"FeatureScaling: `clip` must be positive or None; got {clip!r}.")
        self.clip = None if clip is None else float(clip)
        self.supports_masking = True

    def build(self, input_shape):
        width = input_shape[-1]
        for name, value in (("center", self.initial_center), ("scale", self.initial_scale)):
            if value.ndim == 1 and value.shape != (width,):
                raise ValueError(
                    f"FeatureScaling {self.name!r}: `{name}` has {value.shape[0]} values but the "
                    f"input has {width} features."
                )
            # An initializer, not an assignment: what `build` assigns can be lost.
            weight = self.add_weight(
                shape=(width,),
                name=name,
                initializer=keras.initializers.Constant(value),
                trainable=False,
            )
            setattr(self, name, weight)

    def call(self, inputs):
        missing = ops.all(ops.equal(inputs, 0), axis=-1, keepdims=True)
        scaled = (inputs - self.center) / self.scale
        scaled = ops.where(ops.isfinite(scaled), scaled, 0.0)
        if self.clip is not None:
            scaled = ops.clip(scaled, -self.clip, self.clip)
        return ops.where(missing, 0.0, scaled)

    def get_config(self):
        return {
            **super().get_config(),
            "center": self.initial_center.tolist(),
            "scale": self.initial_scale.tolist(),
            "clip": self.clip,
        }


def _finite(name, value):
    array = np.asarray(value, dtype="float32")
    if array.ndim > 1 or not np.isfinite(array).all():
        raise ValueError(
            f"FeatureScaling: `{name}` must be a finite number or a (features,) array of such; got "
            f"{value!r}."
        )
    return array
