"""A layer for graphs that no layer here would make."""

import keras


@keras.saving.register_keras_serializable(package="rmfn_tf_tests")
class Through(keras.layers.Layer):
    """A layer that is one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, words):
        return self.function(words)

    def compute_output_shape(self, shape):
        return shape
