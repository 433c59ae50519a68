"""Train one vanilla trial on JSB Chorales to the end: does the procedure reach the paper's level?

    python benchmarks/jsb_vanilla.py jsb-chorales-quarter.json

100 blocks, learning rate 1e-2, momentum 0.9, noise 0.1, at most 150 epochs with a patience of 15.
"""

import argparse
import tempfile
import threading
from pathlib import Path

from odyssey.cells.build import build
from odyssey.cells.variants import cell
from odyssey.tasks import read_settings
from odyssey.training.trial import Plan, train

TRIAL = {
    "trial": 0,
    "seed": 1,
    "hidden_size": 100,
    "learning_rate": 1e-2,
    "momentum": 0.9,
    "input_noise": 0.1,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="the JSON copy of Boulanger-Lewandowski's file")
    parser.add_argument("--engine", choices=["fused", "reference"], default="fused")
    arguments = parser.parse_args()
    sequences = read_settings({"kind": "jsb", "source": "json", "path": arguments.corpus}).features(
        "jsb", None, 1, lambda *_: None
    )
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder) / "V.so"
        if arguments.engine == "fused":
            build(cell("V"), kernel)
        record = train(
            Plan("jsb", "V", epochs=150, patience=15, engine=arguments.engine, device="cpu"),
            TRIAL,
            sequences,
            str(kernel),
            Path(folder) / "vanilla.checkpoint",
            "",
            lambda _, epoch, loss, nll: print(f"epoch {epoch:3d}  {loss:.4f}  {nll:.4f}"),
            threading.Event(),
        )
    print(
        f"test {record['test']:.4f} nats a frame at epoch {record['best_epoch']}, "
        f"{record['train_seconds']:.1f} s"
    )


if __name__ == "__main__":
    main()
