"""Inputs of one scale."""

import numpy as np
import pytest

from odyssey.features.scaling import standardised


def test_inputs_have_mean_0_and_deviation_1_over_the_training_frames():
    values = np.random.default_rng(0).normal(3, 5, (400, 2)).astype(np.float32)
    training = np.arange(400) < 300
    scaled = standardised(values, training)
    np.testing.assert_allclose(scaled[training].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled[training].std(axis=0), 1, atol=1e-6)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, 1e6])
def test_an_input_that_never_changes_in_training_keeps_its_scale(constant):
    values = np.full((30, 1), constant)
    values[20:] += 0.1
    scaled = standardised(values, np.arange(30) < 20)
    np.testing.assert_allclose(scaled[:20], 0, atol=1e-9)
    np.testing.assert_allclose(scaled[20:], 0.1, atol=1e-9)
