"""The variants as data."""

import pytest

from odyssey.cells.reference import Parts
from odyssey.cells.variants import PAPER_VARIANTS, cell, changed_parts, parts
from odyssey.training.networks import Network, count_weights, weight_shapes


def test_the_papers_variants_stand_in_the_order_of_its_figures():
    assert PAPER_VARIANTS == ("V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF")


@pytest.mark.parametrize("name", PAPER_VARIANTS[1:])
def test_each_variant_is_one_change(name):
    assert len(changed_parts(parts(name))) == 1


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("V", lambda n, m: 4 * n * m + 4 * n * n + 7 * n),
        ("NIG", lambda n, m: 3 * n * m + 3 * n * n + 5 * n),
        ("NFG", lambda n, m: 3 * n * m + 3 * n * n + 5 * n),
        ("NOG", lambda n, m: 3 * n * m + 3 * n * n + 5 * n),
        ("NIAF", lambda n, m: 4 * n * m + 4 * n * n + 7 * n),
        ("NOAF", lambda n, m: 4 * n * m + 4 * n * n + 7 * n),
        ("CIFG", lambda n, m: 3 * n * m + 3 * n * n + 5 * n),
        ("NP", lambda n, m: 4 * n * m + 4 * n * n + 4 * n),
        ("FGR", lambda n, m: 4 * n * m + 13 * n * n + 7 * n),
    ],
)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 3), (100, 88)])
def test_a_layer_has_the_papers_number_of_parameters(name, count, n, m):
    network = Network(cell(name), m, n, outputs=5, directions=2, loss="softmax")
    output_layer = 5 * 2 * n + 5
    assert count_weights(network) == 2 * count(n, m) + output_layer


def test_parts_combine():
    assert parts("NFG+NOAF") == Parts(forget_gate=False, output_activation=False)
    assert parts("NIG+NFG+NOG").gates == ()
    assert parts("CIFG+FGR").gates == ("i", "o")
    assert parts("FB1+NP") == Parts(forget_bias=True, peepholes=False)


def test_the_order_of_parts_in_a_name_makes_no_other_cell():
    assert cell("NOAF+NFG") is cell("NFG+NOAF")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("GRX", "unknown variant 'GRX': did you mean GRU?.*CIFG.*NFG\\+NOAF.*minGRU"),
        ("", "unknown variant ''"),
        ("V+NFG", "unknown"),
        ("NFG+GRU", "GRU is a cell of its own, and no part of a combination"),
        ("FB1+NFG", "FB1 is about the forget gate's bias, and none is left"),
        ("CIFG+FB1", "FB1 is about the forget gate's bias, and none is left"),
        ("NFG+NFG", "twice"),
        ("CIFG+NIG", "couples two gates"),
        ("CIFG+NFG", "couples two gates"),
        ("NIG+NFG+NOG+FGR", "no gate is left"),
    ],
)
def test_a_wrong_name_says_what_is_allowed(name, message):
    with pytest.raises(ValueError, match=message):
        cell(name)


def test_a_missing_gate_has_no_weights_at_all():
    assert not [name for name in cell("NIG").weights if "i" in name]
    assert "i" not in cell("NIG+FGR").states


def test_two_directions_have_weights_of_their_own():
    shapes = weight_shapes(Network(cell("V"), 3, 4, outputs=5, directions=2, loss="softmax"))
    assert shapes["forward.W_z"] == shapes["backward.W_z"] == (4, 3)
    assert shapes["output.W"] == (5, 8)
