"""The dependencies: one version of each everywhere, and a set-up that says what it lacks."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*(.+))?$")
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
NOT_FROM_PYPI = {"python", "pip", "cxx-compiler"}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str]:
    """Name → version of requirements, each of which has to be an exact pin."""
    found = {}
    for line in lines:
        pin = PIN.match(line)
        assert pin, f"not an exact pin: {line}"
        found[normalized(pin[1])] = pin[2]
    return found


def locked(name: str = "requirements.lock") -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


@pytest.fixture(scope="module")
def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("group", ["build", "test"])
def test_the_lock_holds_the_pins_of_pyproject(pyproject, group):
    wanted = pins(pyproject["project"]["dependencies"] + pyproject["dependency-groups"][group])
    assert {name: locked().get(name) for name in wanted} == wanted


def test_the_bench_lock_agrees_with_pyproject_and_with_the_lock(pyproject):
    bench = locked("requirements-bench.lock")
    wanted = pins(pyproject["dependency-groups"]["bench"])
    assert {name: bench.get(name) for name in wanted} == wanted
    shared = bench.keys() & locked().keys()
    assert {name: bench[name] for name in shared} == {name: locked()[name] for name in shared}


def test_the_lock_suits_the_cpu_build_of_torch_and_the_cuda_build():
    assert not [name for name in locked() if name.startswith(("nvidia-", "cuda-", "triton"))]
    assert not [version for version in locked().values() if "+" in version]
    assert "--hash" not in (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_conda_environment_has_the_locked_versions(path):
    environment = yaml.safe_load(path.read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    from_conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    from_pip = [
        requirement
        for entry in environment["dependencies"]
        if isinstance(entry, dict)
        for requirement in entry["pip"]
    ]
    named = {entry.split("=")[0]: entry for entry in from_conda}
    versions = pins(
        [
            entry.replace(name, CONDA_NAMES.get(name, name), 1).replace("=", "==", 1)
            for name, entry in named.items()
            if name not in NOT_FROM_PYPI
        ]
        + from_pip
    )
    assert {name: locked().get(name) for name in versions} == versions


@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="only .venv is installed from the lock"
)
def test_what_is_installed_is_what_is_locked():
    installed = {
        normalized(distribution.name): distribution.version.split("+")[0]
        for distribution in importlib.metadata.distributions()
    }
    # A locked package may be missing where a marker leaves it out, but never differ.
    present = locked().keys() & installed.keys()
    assert {name: installed[name] for name in present} == {name: locked()[name] for name in present}
    unmarked = [
        normalized(pin[1])
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if (pin := PIN.match(line)) and not pin[3]
    ]
    assert set(unmarked) <= present


def test_the_citation_names_the_version_of_the_project(pyproject):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == pyproject["project"]["version"]
    assert citation["references"][0]["doi"] == "10.1109/TNNLS.2016.2582924"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The library, built without a network from what a container is made of."""
    folder = tmp_path_factory.mktemp("built")
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "workflow", folder / "workflow", ignore=shutil.ignore_patterns("__pycache__")
    )
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "wheel", *offline, "-w", folder / "wheels", folder]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = (folder / "wheels").iterdir()
    return zipfile.ZipFile(made)


def test_all_files_of_the_library_are_in_the_package_and_nothing_else(wheel):
    scripts = ROOT / "workflow" / "scripts"
    listed = subprocess.run(
        ["git", "ls-files", "odyssey"], cwd=scripts, check=True, capture_output=True, text=True
    )
    files = {name for name in listed.stdout.splitlines() if (scripts / name).exists()}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == files - {"odyssey/ruff.toml"}


def test_the_package_has_the_version_and_the_command(wheel, pyproject):
    version = pyproject["project"]["version"]
    folder = f"lstm_odyssey-{version}.dist-info"
    assert f"\nVersion: {version}\n" in wheel.read(f"{folder}/METADATA").decode()
    assert b"odyssey = odyssey.commands:main" in wheel.read(f"{folder}/entry_points.txt")


def test_an_editable_library_is_found_after_one_that_lies_on_the_path(tmp_path):
    # As the script of a job finds the library of its own copy of the workflow.
    (tmp_path / "odyssey").mkdir()
    (tmp_path / "odyssey" / "__init__.py").write_text("print('of the copy')", encoding="utf-8")
    command = [sys.executable, "-c", "import odyssey"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "of the copy\n"


def test_types_are_checked_strictly_and_no_module_is_excused(pyproject):
    mypy = pyproject["tool"]["mypy"]
    assert mypy["strict"] is True
    for looser in mypy["overrides"]:
        assert looser.keys() == {"module", "disallow_untyped_calls", "disallow_untyped_defs"}
        for module in looser["module"]:
            path = ROOT / "workflow" / "scripts" / module.removesuffix(".*").replace(".", "/")
            assert (path / "__init__.py").exists(), module


def test_pyrfr_was_built_so_that_a_forest_can_be_fitted():
    regression = pytest.importorskip("pyrfr.regression")
    data = regression.default_data_container(1)
    for x in range(40):
        data.add_data_point([x / 40], float(x >= 20))
    forest = regression.binary_rss_forest()
    forest.options.num_trees = 8
    forest.options.num_data_points_per_tree = 40
    forest.fit(data, regression.default_random_engine(1))
    assert forest.predict([0.1]) < 0.5 < forest.predict([0.9])


def set_up(folder: Path, python: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the set-up in a copy of the repository's root that holds nothing else."""
    (folder / "envs").mkdir()
    shutil.copy(ROOT / "envs/venv.sh", folder / "envs")
    shutil.copy(ROOT / "requirements.lock", folder)
    return subprocess.run(
        [folder / "envs/venv.sh", python],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def stand_in(folder: Path, script: str) -> str:
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python)


def assert_one_line(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode != 0
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("version", ["2.7", "3.10", "3.14"])
def test_a_python_that_does_not_do_is_named_in_one_line(tmp_path, version):
    python = stand_in(tmp_path, f"printf {version}")
    assert_one_line(set_up(tmp_path, python), "Python 3.11, 3.12 or 3.13", version)


def test_a_python_that_is_not_there_is_named_in_one_line(tmp_path):
    assert_one_line(set_up(tmp_path, "python-of-nowhere"), "python-of-nowhere")


def test_a_python_without_venv_is_named_in_one_line(tmp_path):
    python = stand_in(
        tmp_path, f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    )
    assert_one_line(set_up(tmp_path, python), "venv", "python3-venv")


def test_a_missing_compiler_is_named_in_one_line(tmp_path):
    result = set_up(tmp_path, sys.executable, CXX="compiler-of-nowhere")
    assert_one_line(result, "C++ compiler", "compiler-of-nowhere")
