"""Trains the demo's two models over seeds: test accuracy by kind of example, lowest to highest.

    .venv/bin/python benchmarks/demo_seeds.py --seeds 3

Prints a Markdown table, as in README.md; some 90 s a seed on two cores.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--epochs", type=int, help="fewer, for a quick look")
    options = parser.parse_args()

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    import keras

    import rmfn_tf.datasets
    from rmfn_tf.cli.demo import accuracy_by_kind
    from rmfn_tf.training.config import RunConfig, preset
    from rmfn_tf.training.run import Run

    data, found = "synthetic/sarcasm", defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        builder = rmfn_tf.datasets.build(data, data_dir=Path(name) / "data")
        for model in ("rmfn", "ef_lstm"):
            settings = dict(preset(data, model))
            if options.epochs:
                settings["epochs"] = options.epochs
            for seed in range(options.seeds):
                run = Path(name) / model / str(seed)
                config = RunConfig(data=data, model=model, seed=seed, **settings)
                Run(run).train(config, builder)
                for kind, accuracy in accuracy_by_kind(run, builder)[model].items():
                    found[model, kind].append(accuracy)
                keras.backend.clear_session()

    kinds = [*builder.info.metadata["kinds"], "all"]
    print(f"| | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}")
    for model, name in {"rmfn": "RMFN", "ef_lstm": "EF-LSTM"}.items():
        ranges = [found[model, kind] for kind in kinds]
        cells = [f"{min(each):.3f}-{max(each):.3f}".replace("0.", ".") for each in ranges]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
