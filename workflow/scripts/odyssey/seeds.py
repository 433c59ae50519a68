"""Every random stream of a study, from (study seed, task, variant, trial, purpose, epoch)."""

import hashlib

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]  # of Threefry's keys, counters and bits

# A purpose is its place here: new ones come last, or all streams of those behind them change.
PURPOSES = ("hyperparameters", "training", "weights", "order", "noise", "analysis", "evolution")

THREEFRY_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
THREEFRY_PARITY = 0x1BD11BDA


def _integer(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def trial_sequence(
    study_seed: int, task: str, variant: str, trial: int, purpose: str
) -> np.random.SeedSequence:
    """Seed one of `PURPOSES` of one trial; trials count from 0 within a task and variant."""
    key = (_integer(task), _integer(variant), trial, PURPOSES.index(purpose))
    return np.random.SeedSequence(study_seed, spawn_key=key)


def analysis_generator(study_seed: int, task: str, variant: str) -> np.random.Generator:
    """Return what the analysis of a variant on a task draws from, which no other one changes."""
    sequence = trial_sequence(study_seed, task, variant, 0, "analysis")
    return np.random.Generator(np.random.PCG64(sequence))


def trial_seed(study_seed: int, task: str, variant: str, trial: int) -> int:
    """Return the number in [0, 2**63) from which all streams of a trial's training are drawn."""
    sequence = trial_sequence(study_seed, task, variant, trial, "training")
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def repeated_seed(seed: int, repeat: int) -> int:
    """Return another seed, in [0, 2**63), for training a trial again; repeats count from 1."""
    sequence = training_sequence(seed, "training", repeat)
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def training_sequence(seed: int, purpose: str, epoch: int = 0) -> np.random.SeedSequence:
    """Seed one purpose of one epoch of a trial's training, from `trial_seed`.

    The purpose is ``"weights"``, ``"order"`` or ``"noise"``. Epochs count from 1; 0 stands for what
    happens once a trial.
    """
    return np.random.SeedSequence(seed, spawn_key=(PURPOSES.index(purpose), epoch))


def order(seed: int, epoch: int, sequences: int) -> npt.NDArray[np.int64]:
    """Draw the order in which an epoch presents the training sequences."""
    generator = np.random.Generator(np.random.PCG64(training_sequence(seed, "order", epoch)))
    return generator.permutation(sequences)


def noise_key(seed: int, epoch: int) -> Words:
    """Return the key of an epoch's input noise: two words."""
    words = training_sequence(seed, "noise", epoch).generate_state(2, np.uint32)
    return np.asarray(words, np.uint32)


def threefry(key: Words, low: Words, high: Words) -> tuple[Words, Words]:
    """Encrypt 64-bit counters into random bits: Threefry-2x32 with 20 rounds.

    A counter-based generator gives every engine the same noise, in any order and in parallel. There
    are two words of the key, two of each counter, and two for each of these.

    References
    ----------
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    keys = (key[0], key[1], np.uint32(THREEFRY_PARITY) ^ key[0] ^ key[1])
    x0, x1 = low + keys[0], high + keys[1]
    for group in range(5):
        for rotation in THREEFRY_ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = (x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation))
            x1 = x1 ^ x0
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + np.uint32(group + 1)
    return x0, x1


def gaussian_noise(key: Words, sequence: int, size: int) -> npt.NDArray[np.float32]:
    """Draw the standard normal noise that one presentation of a sequence adds to its input.

    Pair p of the half = ceil(size / 2) pairs has the counter (p, sequence); Box-Muller makes two
    normal numbers of it, which stand at p and half + p.

    Parameters
    ----------
    key : array, shape (2,)
        Of the epoch (`noise_key`).
    sequence : int
        Index of the sequence among the training sequences.
    size : int
        Frames times inputs.

    Returns
    -------
    array, shape (size,)
        Row-major over (frame, input).
    """
    half = (size + 1) // 2
    pairs = np.arange(half, dtype=np.uint32)
    bits0, bits1 = threefry(key, pairs, np.full(half, sequence, dtype=np.uint32))
    # 24 bits, centred: u lies strictly between 0 and 1, so that the logarithm is finite.
    scale = 2.0**-24
    u0 = ((bits0 >> np.uint32(8)).astype(np.float64) + 0.5) * scale
    u1 = ((bits1 >> np.uint32(8)).astype(np.float64) + 0.5) * scale
    radius = np.sqrt(-2.0 * np.log(u0))
    angle = 2.0 * np.pi * u1
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return normal[:size].astype(np.float32)
