"""Write waves.csv, the file that your-own-data.md starts from: waves that change their shape.

A sequence is a noisy wave of 40 frames, in two or three parts. In each part it is a sine, a square
or a saw, of a period of 8 to 12 frames; the class of a frame is the shape of its part.
"""

import csv
from pathlib import Path

import numpy as np

SEED = 0
SPLITS = ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
FRAMES = 40
SHAPES = {
    "saw": lambda phase: 2 * phase - 1,
    "sine": lambda phase: np.sin(2 * np.pi * phase),
    "square": lambda phase: np.where(phase < 0.5, 1.0, -1.0),
}


def waves() -> list[list]:
    """Draw all rows: sequence, split, x, target."""
    generator = np.random.default_rng(SEED)
    rows = []
    for number, split in enumerate(SPLITS):
        ends = np.sort(generator.choice(np.arange(10, 31, 10), size=2, replace=False))
        parts = np.searchsorted(ends, np.arange(FRAMES), side="right")
        shapes = generator.permutation(list(SHAPES))[parts]
        phases = np.cumsum(1 / generator.uniform(8, 12, size=3)[parts]) % 1
        noise = generator.normal(0, 0.1, FRAMES)
        for shape, phase, added in zip(shapes, phases, noise, strict=True):
            rows.append([f"w{number:02d}", split, f"{SHAPES[shape](phase) + added:.3f}", shape])
    return rows


if __name__ == "__main__":
    with open(Path(__file__).with_name("waves.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sequence", "split", "x", "target"])
        writer.writerows(waves())
