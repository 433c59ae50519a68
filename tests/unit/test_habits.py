"""The files that tools, services and visitors look for: they say what is so, and work."""

import configparser
import datetime
import fnmatch
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from project import REPOSITORY

from odyssey import config_reference
from odyssey.cells import variants
from odyssey.features import sequences
from odyssey.tasks import KINDS
from odyssey.training import trial

BIN = Path(sys.executable).parent
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
CI = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
GITHUB = REPOSITORY / ".github"


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@cache
def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files"], check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.splitlines() if (REPOSITORY / name).exists()]


def expanded(pattern: str) -> list[str]:
    """Write out the alternatives of a pattern with braces."""
    found = re.search(r"\{([^}]*)\}", pattern)
    if not found:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [each for word in found[1].split(",") for each in expanded(before + word + after)]


def editor_settings(name: str) -> dict[str, str]:
    """Read what .editorconfig says of a file; later sections win."""
    sections = configparser.ConfigParser()
    sections.read_string("[top]\n" + read(".editorconfig"))
    found = {}
    for pattern in sections.sections()[1:]:
        of = name if "/" in pattern else Path(name).name
        if any(fnmatch.fnmatch(of, each) for each in expanded(pattern)):
            found |= sections[pattern]
    return found


def test_files_are_as_the_editor_is_told():
    seen = set()
    for name in tracked():
        told, content = editor_settings(name), (REPOSITORY / name).read_bytes()
        if b"\0" in content or told["trim_trailing_whitespace"] == "unset" or not content:
            continue
        lines = content.decode(told["charset"]).split("\n")
        assert "\r" not in content.decode(), name
        assert (lines[-1] == "") == (told["insert_final_newline"] == "true"), name
        assert not [line for line in lines if line != line.rstrip()], name
        tabs = [line for line in lines if line.startswith("\t")]
        assert bool(tabs) == (told["indent_style"] == "tab"), name
        seen.add(Path(name).suffix or name)
    assert {".py", ".smk", ".md", ".yaml", ".h", ".toml", "Makefile"} <= seen


HOOKS = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]


def hook(name: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run a hook as pre-commit does, with the tools of this environment."""
    (found,) = (hook for hook in HOOKS if hook["id"] == name)
    command = found["entry"].replace(".venv/bin", str(BIN)).split()
    return subprocess.run(
        [*command, *files], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_a_hook_is_a_command_of_the_environment_and_has_files_to_look_at(hook):
    command, *arguments = hook["entry"].split()
    assert command.startswith(".venv/bin/")
    assert (BIN / Path(command).name).exists()
    assert all((REPOSITORY / a).exists() for a in arguments if a.endswith(".py"))
    assert hook["language"] == "system"
    assert [name for name in tracked() if re.search(hook.get("files", r"\.py$"), name)]


def test_hooks_pass_what_is_right_and_find_or_mend_what_is_not(tmp_path):
    right = Path(__file__)
    assert hook("ruff-check", right).returncode == 0
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import os\nx = {  }\n", encoding="utf-8")
    assert "F401" in hook("ruff-check", wrong).stdout
    assert hook("ruff-format", wrong).returncode == 0
    assert wrong.read_text(encoding="utf-8") == "import os\n\nx = {}\n"
    rules = tmp_path / "wrong.smk"
    rules.write_text('rule a:\n  output: "b"\n', encoding="utf-8")
    assert hook("snakefmt", rules).returncode == 0
    assert rules.read_text(encoding="utf-8") == 'rule a:\n    output:\n        "b",\n'


def test_the_hook_of_the_configuration_writes_what_is_there(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    monkeypatch.setattr(config_reference, "repository", lambda: tmp_path)
    config_reference.main([])
    for name in ("config/README.md", "config/schema.json"):
        assert (tmp_path / name).read_text(encoding="utf-8") == read(name)


STUB = """#!/bin/sh
echo "$(basename "$0") $* SLOW=$SLOW SLURM=$ODYSSEY_REQUIRE_SLURM" >>"$LOG"
"""


def steps_run(name: str, folder: Path) -> list[str]:
    """Run the steps of a workflow in a folder; return what they would have called."""
    for tool in ("apt-get", "dpkg-query", "git", "make", "sudo"):
        path = folder / "bin" / tool
        path.parent.mkdir(exist_ok=True)
        path.write_text(STUB, encoding="utf-8")
        path.chmod(0o755)
    (folder / ".ci").mkdir()
    (folder / ".ci" / "run").write_text(CI, encoding="utf-8")
    (folder / ".ci" / "run").chmod(0o755)
    (job,) = yaml.safe_load(read(f".github/workflows/{name}.yml"))["jobs"].values()
    environment = {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "LOG": str(folder / "log"),
        **{key: str(value) for key, value in job.get("env", {}).items()},
    }
    for step in job["steps"]:
        if "run" in step:
            subprocess.run(["bash", "-ec", step["run"]], cwd=folder, env=environment, check=True)
        else:
            assert re.fullmatch(r"actions/checkout@v\d+", step["uses"])
    return (folder / "log").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("name", "slow"), [("checks", ""), ("nightly", "1")])
def test_a_workflow_lints_and_tests_with_slurm_and_at_night_with_what_is_slow(name, slow, tmp_path):
    called = steps_run(name, tmp_path)
    slurm = "" if os.geteuid() else "1"
    assert called[-2:] == [f"make {what} SLOW={slow} SLURM={slurm}" for what in ("lint", "test")]
    assert [line for line in called if "apt-get" in line and " slurmctld " in line]


def test_workflows_start_for_pull_requests_and_every_night():
    # YAML 1.1 takes the key `on` for a truth.
    checks, nightly = (
        yaml.safe_load(read(f".github/workflows/{name}.yml"))[True]
        for name in ("checks", "nightly")
    )
    assert "pull_request" in checks
    assert re.fullmatch(r"\d+ \d+ \* \* \*", nightly["schedule"][0]["cron"])


def test_slow_means_all_tests():
    said = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/installed", "test"],
        cwd=REPOSITORY,
        env=os.environ | {"SLOW": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '-m "slow or not slow"' in said.stdout


@pytest.mark.parametrize(
    "path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda p: p.stem
)
def test_a_form_for_issues_asks_for_something(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    identifiers = [field["id"] for field in form["body"]]
    assert len(set(identifiers)) == len(identifiers)
    assert {field["type"] for field in form["body"]} <= {"input", "textarea"}
    assert all(field["attributes"]["label"] for field in form["body"])
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_the_pull_request_asks_for_what_there_is():
    text = read(".github/PULL_REQUEST_TEMPLATE.md")
    assert text.count("- [ ]") >= 3
    assert_targets_exist(text)


def assert_targets_exist(text: str) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE))
    assert named
    assert named <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_the_catalog_finds_what_its_standard_wants():
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert usage["software-stack-deployment"] == {"conda": True}
    rules = "".join(path.read_text() for path in (REPOSITORY / "rules").glob("*.smk"))
    assert rules.count("    script:\n") == rules.count("    conda:\n") > 0
    assert usage["report"] is True
    assert "        report(" in rules
    (config,) = re.findall(r"--configfile (\S+)", usage["mandatory-flags"]["flags"])
    for name in (config, "config/README.md", "workflow/Snakefile", "LICENSE", "README.md"):
        assert (REPOSITORY / name).exists()


def instructions() -> list[tuple[str, str]]:
    """Read the steps of the container's file, each on one line."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", read("Containerfile"), flags=re.MULTILINE))
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line]


def test_the_container_has_the_packages_of_ci_and_belongs_to_nobody_in_particular():
    steps = instructions()
    assert steps[0][0] == "FROM"
    (installed,) = re.findall(r"install ((?:[a-z0-9+-]+ *)+)", " ".join(s for _, s in steps))
    packages = re.search(r"packages=\(\n(.*?)\n\)", CI, re.DOTALL)[1].split()
    options = {"--no-install-recommends"}
    assert set(installed.split()) - options == {"ca-certificates", *packages}
    kinds = [kind for kind, _ in steps]
    (user,) = (what for kind, what in steps if kind == "USER")
    assert user != "root"
    made = steps.index(("RUN", "make venv"))
    assert kinds.index("USER") < made
    assert all(what.startswith(f"--chown={user} ") for kind, what in steps if kind == "COPY")


def test_the_container_makes_its_environment_of_files_that_are_there():
    copied = [
        name
        for kind, what in instructions()[: instructions().index(("RUN", "make venv"))]
        if kind == "COPY"
        for name in what.split()[1:-1]
    ]
    assert all((REPOSITORY / name).exists() for name in copied)
    needed = {"Makefile", "envs", "pyproject.toml", "requirements.lock", "workflow"}
    assert set(copied) == needed | {"README.md", "LICENSE"}  # which pyproject.toml names
    assert {".venv", ".git"} <= set(read(".dockerignore").splitlines())


def test_the_layout_of_headers_is_nearly_that_of_clang_format():
    changed = lines = 0
    folder = REPOSITORY / "workflow" / "scripts" / "odyssey" / "cells" / "fused"
    for header in folder.glob("*.h"):
        command = [BIN / "clang-format", "--style=file", header]
        formatted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        before = header.read_text(encoding="utf-8").splitlines()
        lines += len(before)
        changed += len(set(before) - set(formatted.splitlines()))
    assert lines > 0
    assert changed < 0.08 * lines


def test_the_changelog_begins_with_the_version_and_its_date():
    found = re.findall(r"^## \[(.*?)\](?: - (\S+))?$", read("CHANGELOG.md"), re.MULTILINE)
    citation = yaml.safe_load(read("CITATION.cff"))
    released = [(version, date) for version, date in found if version != "Unreleased"]
    assert released[0] == (citation["version"], citation["date-released"].isoformat())
    dates = [datetime.date.fromisoformat(date) for _, date in released]
    assert dates == sorted(dates, reverse=True)


def test_what_contributing_names_is_there():
    text = read("CONTRIBUTING.md")
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (REPOSITORY / link).exists(), link
    assert_targets_exist(text)
    commands = re.findall(r"^pytest .*?(tests/\S+)(?: -k (\w+))?", text, re.MULTILINE)
    assert len(commands) >= 3
    for place, words in commands:
        assert (REPOSITORY / place).exists()
        assert not words or re.search(rf"^def test_\w*{words}", read(place), re.MULTILINE)
    for name, place in [
        ("KIN", variants.KIN),
        ("KINDS", KINDS),
        ("PROCEDURE", trial.PROCEDURE),
        ("PREPARATION", sequences.PREPARATION),
    ]:
        assert f"`{name}`" in text
        assert place
    for what in ("a cell", "a task", "a figure", "a claim", "a hyperparameter"):
        assert f"\n| {what} |" in text


def test_nothing_puts_a_folder_on_the_path():
    # In two parts, so that this file is not found.
    words = ["sys" + ".path", "PYTHON" + "PATH"]
    found = [
        name
        for name in tracked()
        if not name.startswith("results/")
        and any(word.encode() in (REPOSITORY / name).read_bytes() for word in words)
    ]
    assert found == []
