"""Asking a model: on a server over gRPC or REST, or loaded in this process.

    from rmfn_tf.export.client import Client

    with Client.connect("grpc://localhost:8500/sarcasm") as client:
        client.predict({"language": [...], "acoustic": [...], "visual": [...]})

REST needs neither TensorFlow nor gRPC.
"""

from rmfn_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Client": "rmfn_tf.export.client.client",
        "Explanation": "rmfn_tf.export.client.client",
        "ServingError": "rmfn_tf.export.client.interface",
        "Session": "rmfn_tf.export.client.session",
        "read_sequences": "rmfn_tf.export.client.sequences",
    },
)
