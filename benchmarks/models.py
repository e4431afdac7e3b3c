"""What each network costs: parameters, a training step, inference for a sequence.

    .venv/bin/python benchmarks/models.py
    .venv/bin/python benchmarks/models.py --steps 50 --batch-size 32 --repeats 5

All on the same random sequences, with the sizes of the presets for CMU-MOSI and one output. The
models take turns, `--repeats` times; a time is the median over the turns, after a call that traces.
Prints a Markdown table with times relative to `ef_lstm`.
"""

import argparse
import statistics
import time

import keras
import numpy as np

from rmfn_tf.models import create_model, list_models
from rmfn_tf.training.config import preset

FEATURES = {"language": 300, "acoustic": 74, "visual": 47}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    count = options.batch_size
    x = {
        m: rng.normal(size=(count, options.steps, width)).astype("float32")
        for m, width in FEATURES.items()
    }
    x["lengths"] = np.full(count, options.steps, "int32")
    y = rng.normal(size=(count, 1)).astype("float32")
    models = {}
    for name in list_models():
        sizes = preset("cmu_mosi", name).get("hyperparameters", {})
        models[name] = create_model(name, features=FEATURES, **sizes)
        last = models[name].get_layer("prediction")
        if hasattr(last, "start_from"):
            last.start_from(y)
    seconds: dict[str, dict[str, list[float]]] = {name: {"train": [], "ask": []} for name in models}
    for turn in range(options.repeats + 1):
        for name, model in models.items():
            for what, call in (("train", model.train_on_batch), ("ask", model.predict_on_batch)):
                started = time.perf_counter()
                call(x, y) if what == "train" else call(x)
                if turn:  # the first call traces
                    seconds[name][what].append(time.perf_counter() - started)
    of_lstm = {what: statistics.median(x) for what, x in seconds["ef_lstm"].items()}
    print(f"{count} sequences of {options.steps} steps, {FEATURES}\n")
    print("| model | parameters | train step | × ef_lstm | inference a sequence | × ef_lstm |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, model in models.items():
        train, ask = (statistics.median(seconds[name][what]) for what in ("train", "ask"))
        numbers = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
        print(
            f"| {name} | {numbers:,} | {1e3 * train:.1f} ms | {train / of_lstm['train']:.1f} | "
            f"{1e3 * ask / count:.2f} ms | {ask / of_lstm['ask']:.1f} |"
        )


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    main()
