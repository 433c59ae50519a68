"""A study that never ran: 27 searches of random trials whose true effects are known exactly.

In unit coordinates u of the search space (see `odyssey.analysis.fanova`), the error of a trial is

    base · (1 + effect of the variant + 0.8 (1 - u_rate)² + 0.3 (1 - u_size)² + noise term
              + pair · (u_rate - ½)(u_size - ½) + 0.01 normal)

with a noise term of 0.2 u_noise² or, on TIMIT, 0.7 (u_noise - 0.4)². Components over [0, 1]⁴ are
independent, so that their variances, and with them the shares, have closed forms.
"""

import math

import numpy as np
import pandas as pd

from odyssey.analysis.statements import FOUND_WORSE, OTHERS, PAPER_BEST

VARIANTS = ("V", *OTHERS)
RANGES = {
    "learning_rate": (1e-6, 1e-2),
    "hidden_size": (20, 200),
    "input_noise": (0, 1),
    "one_minus_momentum": (0.01, 1),
}
RATE, SIZE, NOISE, DIP = 0.8, 0.3, 0.2, 0.7
PAIRS = {"timit": 0.7, "iam": 0.5, "jsb": 0.5}
EFFECT = 0.3

# The paper's corpora, because claims about other ones are left undecided.
SOURCES = {"timit": "ldc93s1", "iam": "iam", "jsb": "json"}


def true_shares(task: str) -> dict[str, float]:
    """Return the shares of the main effects and of the one pair in the variance of the error."""
    # The variance of u² (and of (1 - u)²) is 1/5 - 1/9; of (u - a)² it is the integral of the
    # fourth power less the square of the integral of the second.
    square = 4 / 45
    shifted = (0.6**5 + 0.4**5) / 5 - ((0.6**3 + 0.4**3) / 3) ** 2
    variances = {
        "learning_rate": RATE**2 * square,
        "hidden_size": SIZE**2 * square,
        "input_noise": DIP**2 * shifted if task == "timit" else NOISE**2 * square,
        "momentum": 0.0,
        "learning_rate × hidden_size": PAIRS[task] ** 2 / 144,
    }
    return {name: value / sum(variances.values()) for name, value in variances.items()}


def trials(
    seed: int, n: int = 200, effects: dict[tuple[str, str], float] | None = None
) -> pd.DataFrame:
    """Draw the trials of a study.

    Parameters
    ----------
    seed : int
    n : int
        Trials a search; one in fifty diverges.
    effects : dict
        From (task, variant) to what the variant adds to the error, in shares of the task's base;
        by default what the paper found: `EFFECT` where it found a variant worse, else nothing.
    """
    if effects is None:
        effects = {(task, variant): EFFECT for task in FOUND_WORSE for variant in FOUND_WORSE[task]}
    rng = np.random.default_rng(seed)
    made = []
    for task in FOUND_WORSE:
        for variant in VARIANTS:
            rate, size, noise, momentum = rng.uniform(size=(4, n))
            bowl = DIP * (noise - 0.4) ** 2 if task == "timit" else NOISE * noise**2
            error = (
                1
                + effects.get((task, variant), 0.0)
                + RATE * (1 - rate) ** 2
                + SIZE * (1 - size) ** 2
                + bowl
                + PAIRS[task] * (rate - 0.5) * (size - 0.5)
                + 0.01 * rng.normal(size=n)
            )
            # At the corner of highest rate, largest size and best noise stands the paper's result.
            test = PAPER_BEST[task] * error / (1 + 0.25 * PAIRS[task])
            blocks = np.round(20 * 10**size)
            diverged = rng.uniform(size=n) < 0.02
            made.append(
                pd.DataFrame(
                    {
                        "task": task,
                        "variant": variant,
                        "trial": np.arange(n),
                        "seed": np.arange(n),
                        "hidden_size": blocks.astype(int),
                        "learning_rate": 10 ** (4 * rate - 6),
                        "momentum": 1 - 10 ** (2 * momentum - 2),
                        "input_noise": noise,
                        "parameters": (4 * blocks * (blocks + 100)).astype(int),
                        "status": np.where(diverged, "diverged", "completed"),
                        "reason": "",
                        "epochs": 100,
                        "best_epoch": 84,
                        "validation": np.where(diverged, math.nan, test * 1.02),
                        "test": np.where(diverged, math.nan, test),
                        "train_seconds": blocks * (1 + 0.5 * noise) * rng.uniform(0.9, 1.1, n),
                        "engine": "fused",
                        "device": "cpu",
                        "machine": "none",
                        "source": SOURCES[task],
                        "synthetic": False,
                    }
                )
            )
    return pd.concat(made, ignore_index=True).astype({"best_epoch": "Int64"})
