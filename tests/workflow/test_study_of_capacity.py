"""A study that asks how many random labels are stored, with new seeds: the bits a parameter."""

import pandas as pd
import pytest
from project import new_project

from odyssey.features.memory import stored_bits


@pytest.mark.slow
def test_bits_a_parameter_are_those_of_the_new_seeds(tmp_path):
    study = new_project(tmp_path / "project")
    study.configure(
        tasks={"jsb": None, "capacity": {"items": 40, "inputs": 8, "length": 2}},
        variants=["V", "RNN"],
        search={"trials": 2, "learning_rate": {"low": 1e-2, "high": 1e-1}},
        analysis={"best_fraction": 0.5, "reseed": 3},
    )
    study.snakemake("results/small/effects.csv", "results/small/figures/bits.png")
    runs = pd.read_csv(study.results / "reseed" / "trials.csv")
    effects = pd.read_csv(study.results / "effects.csv").query("by == 'new seeds'")
    found = effects.pivot(index="variant", columns="effect", values="estimate")
    bits = {
        variant: (own["test"].map(lambda e: stored_bits(40, e / 100)) / own["parameters"]).mean()
        for variant, own in runs.groupby("variant")
    }
    assert bits["V"] > 0
    assert found["bits a parameter"].to_dict() == pytest.approx(bits)
    more = found.loc["RNN", "difference from V in bits a parameter"]
    assert more == pytest.approx(bits["RNN"] - bits["V"])
    assert study.planned("results/small/figures/bits.png") == {}
