"""Measures how far `step` after n words lies from the whole call for the n words, by dtype policy.

    .venv/bin/python benchmarks/serving_precision.py

Both run the same weights in the same precision, but not in the same graph: what stands between two
ops is rounded in one and may be fused in the other, and states travel between words as float32. An
RMFN of the paper's sizes (weights as they are drawn) on 32 sequences of 30 random words; prints a
Markdown table of the largest |difference| of a prediction, and of the predictions' size.
"""

import numpy as np

from rmfn_tf.start import start_tensorflow

WIDTHS = {"language": 300, "acoustic": 74, "visual": 47}
POLICIES = ("float32", "float64", "mixed_float16", "mixed_bfloat16")
WORDS, BATCH, TOLD = 30, 32, (1, 10, 30)


def differences(policy: str) -> tuple[dict[int, float], float]:
    """Words -> largest difference; and the largest prediction."""
    import keras

    from rmfn_tf.export.client import Client
    from rmfn_tf.models import create_model

    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    words = {name: random.standard_normal((BATCH, WORDS, n), "f4") for name, n in WIDTHS.items()}
    found, largest = {}, 0.0
    with Client.of_model(create_model("rmfn", features=WIDTHS, compile=False), policy) as client:
        session = client.session()
        for n in range(1, WORDS + 1):
            streamed = session.step({name: each[:, n - 1] for name, each in words.items()})
            if n in TOLD:
                whole = client.predict({name: list(each[:, :n]) for name, each in words.items()})
                found[n] = float(np.abs(streamed - whole).max())
                largest = max(largest, float(np.abs(whole).max()))
    return found, largest


def main() -> None:
    start_tensorflow()
    print("| dtype policy | " + " | ".join(f"{n} words" for n in TOLD) + " | largest prediction |")
    print("|---|" + "---:|" * (len(TOLD) + 1))
    for policy in POLICIES:
        found, largest = differences(policy)
        cells = [f"{found[n]:.0e}" if found[n] else "0" for n in TOLD]
        print(f"| `{policy}` | {' | '.join(cells)} | {largest:.2f} |", flush=True)


if __name__ == "__main__":
    main()
