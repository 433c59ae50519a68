"""Metadata of the kept studies: what docs/crates.py writes, and what readers of RO-Crates find."""

import pytest
from project import REPOSITORY
from rocrate.rocrate import ROCrate
from test_documents import load

from odyssey.config_files import study_or_exit
from odyssey.kept_studies import kept_in

crates = load(REPOSITORY / "docs" / "crates.py")
STUDIES = kept_in(REPOSITORY)


@pytest.mark.parametrize("study", STUDIES)
def test_the_files_are_those_that_are_written(study):
    folder = crates.RESULTS / study
    assert (folder / crates.METADATA).read_text(encoding="utf-8") == crates.metadata(study)
    assert (folder / crates.WORKFLOW).read_text(encoding="utf-8") == crates.snakefile(study)


@pytest.mark.parametrize("study", STUDIES)
def test_a_reader_finds_the_workflow_and_every_file(study):
    crate = ROCrate(crates.RESULTS / study)
    workflow = crate.mainEntity
    assert workflow.type == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert workflow["programmingLanguage"]["name"] == "Snakemake"
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/MIT"
    parts = {part.id for part in crate.root_dataset["hasPart"]}
    assert parts == {crates.WORKFLOW, *crates.kept(study)}
    assert {"trials.csv", "effects.csv", "tables/costs.csv"} <= parts
    assert all((crates.RESULTS / study / part).is_file() for part in parts)
    # Each thing that is named is described.
    described = {entity.id for entity in crate.get_entities()}
    for entity in (crate.root_dataset, workflow):
        for name in ("author", "license"):
            assert entity[name].id in described


def test_one_that_breeds_is_described_as_one():
    settings = study_or_exit([REPOSITORY / "config" / "evolution.yaml"])
    assert crates.described(settings).startswith("50 generations of cells, bred by 3 short trials")
