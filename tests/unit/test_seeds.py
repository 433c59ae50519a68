"""Random streams: what they depend on, and that the noise is what it says."""

import numpy as np
import pytest
from scipy import stats

from odyssey import seeds


def test_threefry_gives_the_published_test_vectors():
    # Random123's known-answer file for threefry2x32 with 20 rounds.
    zero = np.zeros(1, np.uint32)
    ones = np.full(1, 0xFFFFFFFF, np.uint32)
    assert [int(x[0]) for x in seeds.threefry(np.zeros(2, np.uint32), zero, zero)] == [
        0x6B200159,
        0x99BA4EFE,
    ]
    assert [int(x[0]) for x in seeds.threefry(np.full(2, 0xFFFFFFFF, np.uint32), ones, ones)] == [
        0x1CB996FC,
        0xBB002BE7,
    ]
    pi = seeds.threefry(
        np.array([0x13198A2E, 0x03707344], np.uint32),
        np.array([0x243F6A88], np.uint32),
        np.array([0x85A308D3], np.uint32),
    )
    assert [int(x[0]) for x in pi] == [0xC4923A9C, 0x483DF7A0]


@pytest.mark.parametrize("size", [1, 2, 5, 200_000])
def test_noise_has_the_size_asked_for(size):
    assert seeds.gaussian_noise(np.array([1, 2], np.uint32), 3, size).shape == (size,)


def test_noise_is_standard_normal():
    noise = seeds.gaussian_noise(np.array([1, 2], np.uint32), 3, 200_000)
    # A fixed stream, so the p-value is a constant: an ordinary one.
    assert stats.kstest(noise, "norm").pvalue > 0.01
    assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 4 / np.sqrt(len(noise))
    half = len(noise) // 2
    assert abs(np.corrcoef(noise[:half], noise[half:])[0, 1]) < 4 / np.sqrt(half)


def test_noise_differs_between_sequences_epochs_and_trials():
    draws = [
        seeds.gaussian_noise(seeds.noise_key(seed, epoch), sequence, 8)
        for seed in (1, 2)
        for epoch in (1, 2)
        for sequence in (0, 1)
    ]
    assert len({d.tobytes() for d in draws}) == 8


def test_a_trials_seed_depends_on_study_task_variant_and_number():
    names = [(1, "jsb", "V", 0), (2, "jsb", "V", 0), (1, "iam", "V", 0), (1, "jsb", "NP", 0)]
    names.append((1, "jsb", "V", 1))
    assert len({seeds.trial_seed(*name) for name in names}) == 5
    assert seeds.trial_seed(1, "jsb", "V", 0) == seeds.trial_seed(1, "jsb", "V", 0)


def test_order_is_a_new_permutation_each_epoch():
    first, second = seeds.order(5, 1, 50), seeds.order(5, 2, 50)
    assert sorted(first) == sorted(second) == list(range(50))
    assert (first != second).any()


def test_a_purpose_keeps_its_place():
    """Which streams a purpose has is decided by it: only further ones may be added, at the end."""
    known = ("hyperparameters", "training", "weights", "order", "noise", "analysis")
    assert seeds.PURPOSES[: len(known)] == known
