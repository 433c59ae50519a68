"""The names, shapes and first values of a network's weights."""

import numpy as np
import pytest

from odyssey.cells.variants import cell
from odyssey.training.networks import Network, count_weights, initial_weights, weight_shapes


def network(layers=1, directions=2, name="V"):
    return Network(cell(name), 3, 4, 5, directions, "softmax", layers)


def test_a_layers_inputs_are_the_units_of_the_one_below():
    shapes = weight_shapes(network(3))
    assert shapes["forward.W_z"] == shapes["backward.W_z"] == (4, 3)
    for name in ("forward_2", "backward_2", "forward_3", "backward_3"):
        assert shapes[f"{name}.W_z"] == (4, 8)
        assert shapes[f"{name}.R_z"] == (4, 4)
    assert shapes["output.W"] == (5, 8)
    assert weight_shapes(network(2, directions=1))["forward_2.W_z"] == (4, 4)


def test_weights_are_named_layer_by_layer_and_the_output_layer_last():
    parts = list(dict.fromkeys(name.split(".")[0] for name in weight_shapes(network(3))))
    assert parts == [
        "forward", "backward", "forward_2", "backward_2", "forward_3", "backward_3", "output",
    ]  # fmt: skip


def test_all_layers_are_counted():
    # Four sums a unit, of its inputs, the layer's units and a bias, and three peepholes.
    first, second, output = 4 * (4 * (3 + 4 + 1) + 3), 4 * (4 * (8 + 4 + 1) + 3), 5 * (8 + 1)
    assert count_weights(network(1)) == 2 * first + output
    assert count_weights(network(3)) == 2 * first + 4 * second + output


def test_the_first_layer_draws_what_it_draws_alone():
    one, three = (initial_weights(network(layers), seed=3) for layers in (1, 3))
    for name, weights in one.items():
        if not name.startswith("output."):
            np.testing.assert_array_equal(three[name], weights)
    assert not np.array_equal(three["forward_2.R_z"], three["forward.R_z"])


def test_every_layer_starts_where_the_cell_says():
    weights = initial_weights(network(2, name="FB1"), seed=3)
    for name in ("forward", "backward", "forward_2", "backward_2"):
        assert (weights[f"{name}.b_f"] == 1).all()


@pytest.mark.parametrize("layers", [0, 9])
def test_a_number_of_layers_that_no_engine_has_is_refused(layers):
    with pytest.raises(ValueError, match=f"layers must be 1 to 8, not {layers}"):
        network(layers)
