"""How far a study is, and what it will cost."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import yaml
from rich.console import Console

from odyssey import forecast, status
from odyssey.cells.variants import cell
from odyssey.config import ConfigError, read_study
from odyssey.config_files import load_study
from odyssey.files import file_digest
from odyssey.search import draw_trials
from odyssey.tasks import read_settings
from odyssey.training import checkpoints
from odyssey.training.networks import count_weights
from odyssey.training.trial import Plan, fingerprint

CONFIG = {
    "study": "small",
    "tasks": {"jsb": {}},
    "variants": ["V", "NP"],
    "search": {"trials": 6, "hidden_size": {"low": 3, "high": 8}},
    "training": {"epochs": 10},
}


@pytest.fixture
def study():
    return read_study(CONFIG)


def finish(study, results, number, **changes):
    """Finish a trial of the first search with the features that are there."""
    plan = Plan("jsb", "V", study.epochs("jsb"), study.training.patience, "fused", "cpu")
    digest = file_digest(results / "features" / "jsb.npz")
    record = {"trial": number, "status": "completed", "validation": 9.0, "train_seconds": 2.0}
    record["fingerprint"] = fingerprint(plan, draw_trials(study, "jsb", "V")[number], digest)
    path = results / "state" / "jsb" / "V" / f"{number}.json"
    path.write_text(json.dumps(record | changes))


@pytest.fixture
def results(tmp_path):
    """A study's folder in which nothing is trained."""
    for name in ("state/jsb/V", "runs/jsb/V", "features"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "features" / "jsb.npz").write_bytes(b"some features")
    return tmp_path


def test_each_trial_of_a_search_is_counted_once_as_what_it_is(study, results):
    state, runs = results / "state/jsb/V", results / "runs/jsb/V"
    finish(study, results, 0, validation=9.5)
    finish(study, results, 1, status="diverged", validation=8.5)
    (runs / "2-2.jsonl").write_text('{"trial": 2, "status": "failed"}\n')
    weights = {"w": np.zeros(2, np.float32)}
    for number in (3, 4):
        progress = checkpoints.Progress(weights, weights, weights, epoch=5)
        checkpoints.save(state / f"{number}.checkpoint", progress, "digest")
    # Another process trains number 4; number 3 was interrupted; number 5 has not begun.
    claim = "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.lockf(f, fcntl.LOCK_EX, 1, 4); "
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            claim + "print('on', flush=True); sys.stdin.read()",
            state / ".claims",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    worker.stdout.readline()
    first, second = status.look(study, results)
    worker.communicate()
    assert dict(first.statuses) == {"completed": 1, "diverged": 1, "failed": 1}
    assert (first.running, first.waiting, first.best, first.spent) == (1, 1, 8.5, 4.0)
    assert second.statuses.total() == second.running == second.waiting == 0
    ten = status.look(study, results / "nothing")[0].left
    assert 0 < first.left < ten  # two halves and a whole of six


def test_a_trial_of_another_configuration_is_not_done(study, results):
    finish(study, results, 0)
    assert status.look(study, results)[0].statuses.total() == 1
    longer = read_study(CONFIG | {"training": {"epochs": 20}})
    assert status.look(longer, results)[0].statuses.total() == 0
    (results / "features" / "jsb.npz").write_bytes(b"other features")
    assert status.look(study, results)[0].statuses.total() == 0


def test_features_are_read_again_only_if_they_have_changed(study, results, monkeypatch):
    digested = []
    monkeypatch.setattr(status, "file_digest", lambda path: digested.append(path) or "digest")
    features = results / "features" / "jsb.npz"
    for _ in range(3):
        status.look(study, results)
    assert digested == [features]
    features.write_bytes(b"of another size")
    status.look(study, results)
    assert digested == [features, features]


@pytest.mark.parametrize("content", ["[]", "{}", "5", '{"fingerprint": 1}', "{"])
def test_odd_files_count_as_nothing(study, results, content):
    (results / "state/jsb/V/0.json").write_text(content)
    (results / "state/jsb/V/1.json").mkdir()
    (results / "runs/jsb/V/0-1.jsonl").write_text('{"status": "failed"')
    (results / "state/jsb/V/2.checkpoint").write_text(content)
    assert status.look(study, results)[0].statuses.total() == 0


def printed(study, searches):
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(status.table(study, searches))
    return console.export_text()


def test_the_table_says_how_long_it_will_take_whoever_is_at_work(study, results):
    searches = status.look(study, results)
    assert "0 of 12 trials done" in printed(study, searches)
    assert "of one core left at most" in printed(study, searches)
    assert "at work now" not in printed(study, searches)
    searches[0].running = 2
    # A caption is broken where its table ends.
    assert "with the 2 at work now" in " ".join(printed(study, searches).split())
    finish(study, results, 0, status="diverged", train_seconds=0.0, validation=None)
    assert "of one core left" in printed(study, status.look(study, results))


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "soon"])
def test_a_pause_that_is_none_is_refused(seconds, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["status", f"--watch={seconds}"])
    with pytest.raises(SystemExit):
        status.main()
    assert f"{seconds} is no number of seconds from 0.1 to 86400" in capsys.readouterr().err


def test_looking_at_a_study_takes_no_claim_from_its_jobs(study, results):
    state = results / "state/jsb/V"
    (state / ".claims").touch()
    status.look(study, results)
    take = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'ab'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    subprocess.run([sys.executable, "-c", take, state / ".claims"], check=True)


@pytest.mark.parametrize("command", ["status", "cost"])
def test_a_command_names_what_is_wrong_with_its_configuration(command, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(CONFIG | {"seeds": 1}))
    for given, message in [(path, "seeds: unknown key"), (tmp_path / "none.yaml", "none.yaml: No")]:
        done = subprocess.run(
            [sys.executable, "-m", "odyssey", command, "--configfile", given],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_later_configuration_file_changes_keys_of_an_earlier_one(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(yaml.safe_dump(CONFIG))
    second.write_text("training: {patience: 3}")
    study = load_study([first, second])
    assert (study.training.epochs, study.training.patience) == (10, 3)
    second.write_text("just words")
    with pytest.raises(ConfigError, match="holds no configuration"):
        load_study([first, second])
    second.write_text("a: [")
    with pytest.raises(ConfigError, match=r"b\.yaml: not YAML"):
        load_study([first, second])


def test_of_many_cells_some_are_measured_for_others_with_about_as_many_weights():
    of_parts = read_study(
        {
            "study": "many",
            "tasks": {"jsb": {"source": "music21"}},
            "parts": ["NIG", "NFG", "NOG", "NIAF", "NP", "FGR"],
        }
    )
    stands = forecast.measured_for(of_parts)
    assert list(stands) != list(stands.values())
    assert set(stands) == set(of_parts.variants)
    assert len(set(stands.values())) <= forecast.MOST_MEASURED < len(stands)

    def weights(variant):
        of = forecast.network(of_parts.tasks["jsb"], of_parts.cell(variant), 100)
        return count_weights(of)

    for variant, one in stands.items():
        assert weights(one) == pytest.approx(weights(variant), rel=0.15)


def test_a_forecast_adds_up_frames_epochs_and_trials(study, monkeypatch):
    # A machine on which a frame takes a microsecond a weight to train, and nothing to evaluate.
    monkeypatch.setattr(
        forecast, "frame_seconds", lambda chosen, *_: (1e-6 * count_weights(chosen), 0)
    )
    (made,) = forecast.forecast(study, {}, lambda _: None)
    weights = [
        count_weights(forecast.network(study.tasks["jsb"], cell(variant), trial["hidden_size"]))
        for variant in study.variants
        for trial in draw_trials(study, "jsb", variant)
    ]
    frames, _ = study.tasks["jsb"].frames()
    assert made.trials == 12
    assert made.hours == pytest.approx(1e-6 * sum(weights) * frames * 10 / 3600, rel=1e-9)
    assert made.jobs == 2  # a search's trials fit into an hour
    side_by_side = read_study(CONFIG | {"training": {"epochs": 10, "threads": 2}})
    (halved,) = forecast.forecast(side_by_side, {}, lambda _: None)
    assert halved.hours == made.hours
    assert made.longest / 2 <= halved.longest < made.longest


@pytest.mark.parametrize("kind", ["timit", "iam", "jsb"])
def test_every_task_can_be_measured(kind, kernel_of):
    vanilla = cell("V")
    chosen = forecast.network(read_settings({"kind": kind}), vanilla, 8)
    times = forecast.frame_seconds(chosen, "fused", kernel_of(vanilla), "cpu")
    assert all(0 < seconds < 1 for seconds in times)
