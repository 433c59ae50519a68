"""The variants as data."""

import pytest

from odyssey.cells.variants import PAPER_VARIANTS, Variant, changed_parts, variant
from odyssey.training.networks import Network, block_shapes, count_weights, weight_shapes


def test_the_papers_variants_stand_in_the_order_of_its_figures():
    assert PAPER_VARIANTS == ("V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF")


@pytest.mark.parametrize("name", PAPER_VARIANTS[1:])
def test_each_variant_is_one_change(name):
    assert len(changed_parts(variant(name))) == 1


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
    network = Network(variant(name), m, n, outputs=5, directions=2, loss="softmax")
    output_layer = 5 * 2 * n + 5
    assert count_weights(network) == 2 * count(n, m) + output_layer


def test_parts_combine():
    assert variant("NFG+NOAF") == Variant(forget_gate=False, output_activation=False)
    assert variant("NIG+NFG+NOG").gates == ()
    assert variant("CIFG+FGR").gates == ("i", "o")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("GRU", "unknown variant 'GRU'.*CIFG.*NFG\\+NOAF"),
        ("V+NFG", "unknown"),
        ("NFG+NFG", "twice"),
        ("CIFG+NIG", "couples two gates"),
        ("CIFG+NFG", "couples two gates"),
        ("NIG+NFG+NOG+FGR", "no gate is left"),
    ],
)
def test_a_wrong_name_says_what_is_allowed(name, message):
    with pytest.raises(ValueError, match=message):
        variant(name)


def test_a_missing_gate_has_no_weights_at_all():
    names = block_shapes(variant("NIG"), inputs=3, hidden_size=4)
    assert not [n for n in names if "i" in n]


def test_two_directions_have_weights_of_their_own():
    shapes = weight_shapes(Network(Variant(), 3, 4, outputs=5, directions=2, loss="softmax"))
    assert shapes["forward.W_z"] == shapes["backward.W_z"] == (4, 3)
    assert shapes["output.W"] == (5, 8)
