"""The report: one page that holds all it shows and asks the network for nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import pandas as pd
import vl_convert
from markupsafe import Markup

from odyssey.analysis import effects
from odyssey.analysis import tables as printed
from odyssey.analysis.markup import format_value
from odyssey.analysis.samples import samples
from odyssey.analysis.selection import engines
from odyssey.analysis.verdicts import CONTRADICTED, REPRODUCED, UNDECIDED
from odyssey.figures.style import Tasks
from odyssey.report import captions, explorer, sentences
from odyssey.report.files import setting_lines

HERE = Path(__file__).parent
VERDICTS = {REPRODUCED: "yes", CONTRADICTED: "no", UNDECIDED: "open"}
TABLES = {
    "best_trials": "The best trial of each cell, by validation",
    "tests": "Each variant's selected trials against vanilla's",
    "importance": "Importance of the hyperparameters",
    "robustness": "Differences from vanilla under other choices",
    "costs": "What each cell cost",
}


@dataclass(frozen=True)
class Contents:
    """What a report shows; an optional part that is missing has no section.

    Parameters
    ----------
    configuration : mapping
        The study's, as the workflow has it; read are `study`, `seed`, `search` and `analysis`.
    trials : pandas.DataFrame
        As `selection.select` returns it.
    curves : pandas.DataFrame
        As in ``curves.parquet``.
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    tasks : mapping of str to mapping
        Title and measure of each task (`odyssey.config.Study.descriptions`).
    images : mapping of str to str
        From figures' names to the addresses of their images (`files.read_images`).
    tables : mapping of str to pandas.DataFrame
        From tables' names.
    versions : mapping of str to str
    machine : str
        On which the report is made.
    importance : pandas.DataFrame, optional
        As `fanova.analyse_cell` returns it, of all cells.
    effects : pandas.DataFrame, optional
        As `effects.table` returns it.
    claims : pandas.DataFrame, optional
        As `claims.judge` returns it.
    budget : pandas.DataFrame, optional
        As `budget.expected_best` returns it.
    """

    configuration: Mapping
    trials: pd.DataFrame
    curves: pd.DataFrame
    welch: pd.DataFrame
    tasks: Tasks
    images: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: str = ""
    importance: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    claims: pd.DataFrame | None = None
    budget: pd.DataFrame | None = None


def render(contents: Contents) -> str:
    """Write the report.

    Parameters
    ----------
    contents : Contents

    Returns
    -------
    str
        One HTML page; equal contents are equal pages.
    """
    sampled = samples(contents.trials, {t: words["kind"] for t, words in contents.tasks.items()})
    titles = {
        task: words["title"] + (f" ({sampled[task]})" if task in sampled else "")
        for task, words in contents.tasks.items()
    }
    labels = sentences.task_labels(contents.trials, titles)
    measures = {task: contents.tasks[task]["measure"] for task in labels}
    alpha = contents.configuration["analysis"]["alpha"]
    every = explorer.stride(len(contents.curves))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.jinja").render(
        study=contents.configuration["study"],
        summary=[
            sentences.what_ran(contents.trials, labels),
            sentences.against_vanilla(
                contents.welch, labels, alpha, contents.configuration["analysis"]["selection_luck"]
            ),
        ],
        stand_ins=sentences.listed(
            titles[task]
            for task, label in labels.items()
            if label.endswith(f"({printed.STAND_IN})")
        ),
        samples=sentences.listed(titles[task] for task in labels if task in sampled),
        tasks=_tasks(contents.trials, labels, measures),
        engines=sentences.engines(engines(contents.trials)),
        facts=_facts(contents),
        settings=setting_lines(contents.configuration),
        versions=contents.versions,
        claims=_claims(contents.claims, labels),
        verdicts="" if contents.claims is None else sentences.verdicts(contents.claims),
        figures=_figures(contents, labels, measures, alpha),
        tables=[_table(name, frame, labels) for name, frame in contents.tables.items()],
        chart=script_data(
            explorer.chart(
                contents.trials, every, labels, measures, contents.configuration["search"]
            )
        ),
        trials=script_data(explorer.trial_columns(contents.trials, contents.curves)),
        curve_stride=every,
        colours=explorer.colours(list(contents.trials["variant"].unique())),
        library=Markup(vl_convert.javascript_bundle()),
        style=_text("page.css"),
        script=_text("page.js"),
    )


def _text(name: str) -> Markup:
    """Read a part of the page that is not to be escaped."""
    return Markup((HERE / name).read_text(encoding="utf-8"))


def script_data(value: object) -> Markup:
    """Write data as JSON that can stand in a script element, whatever texts are in it.

    Parameters
    ----------
    value : object

    Returns
    -------
    markupsafe.Markup
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _tasks(
    trials: pd.DataFrame, labels: Mapping[str, str], measures: Mapping[str, str]
) -> list[dict]:
    rows = []
    for task, of_task in trials.groupby("task", sort=False):
        status = of_task["status"].value_counts()
        first = of_task.iloc[0]
        rows.append(
            {
                "label": labels[task],
                "corpus": printed.corpus(first["source"], first["synthetic"]),
                "measure": measures[task],
                "variants": of_task["variant"].nunique(),
                "trials": len(of_task),
                "completed": int(status.get("completed", 0)),
                "diverged": int(status.get("diverged", 0)),
                "failed": int(status.get("failed", 0)),
                "time": sentences.duration(of_task["train_seconds"].sum()),
            }
        )
    return rows


def _facts(contents: Contents) -> dict[str, str]:
    trials, configuration = contents.trials, contents.configuration
    analysis = configuration["analysis"]
    engines, devices, machines = (
        sentences.listed(trials[k].unique()) for k in ("engine", "device", "machine")
    )
    facts = {
        "Seed": str(configuration["seed"]),
        "Training": f"{sentences.duration(trials['train_seconds'].sum())}, "
        f"{trials['epochs'].sum():,} epochs; engine {engines}, on {devices}",
        "Trained on": machines,
        "Analysis": f"best {sentences.percent(analysis['best_fraction'])} of a cell's trials by "
        f"validation; α = {analysis['alpha']:g}, corrected after {analysis['correction'].title()}"
        + f"; {sentences.TESTS[analysis['selection_luck']]}",
        "Report made on": contents.machine,
    }
    return {name: fact for name, fact in facts.items() if fact}


def _figure_of(value: float) -> str:
    return "" if pd.isna(value) else sentences.short(value)


def _claims(claims: pd.DataFrame | None, labels: Mapping[str, str]) -> list[dict]:
    if claims is None:
        return []
    groups = []
    for (rule, statement), rows in claims.groupby(["rule", "claim"], sort=False):
        if not groups or groups[-1]["rule"] != rule:
            groups.append({"rule": rule, "claims": []})
        findings = [_finding(row, labels) for row in rows.to_dict("records")]
        groups[-1]["claims"].append({"statement": statement, "findings": findings})
    return groups


def _finding(row: Mapping, labels: Mapping[str, str]) -> dict[str, str]:
    interval = [_figure_of(row[end]) for end in ("ci_low", "ci_high")]
    return {
        "task": labels.get(row["task"], f"{row['task']} tasks"),
        "paper": row["paper"],
        "measured": _figure_of(row["measured"]),
        "interval": " to ".join(interval) if all(interval) else "",
        "verdict": row["verdict"],
        "paper_rule": row["paper_rule"],
        "coverage": "" if pd.isna(row["coverage"]) else sentences.percent(row["coverage"]),
        "kind": VERDICTS[row["verdict"]],
        "note": row["note"],
    }


def _figures(
    contents: Contents, labels: Mapping[str, str], measures: Mapping[str, str], alpha: float
) -> list[dict]:
    margins = {} if contents.effects is None else effects.margins(contents.effects)
    luck = contents.configuration["analysis"]["selection_luck"]

    def tested(_variant, _surrogate):
        return sentences.comparisons(contents.welch, labels, measures, alpha, margins, luck)

    findings = {
        "figure_3": tested,
        "significance": tested,
        "learning_curves": lambda _v, _s: sentences.best_trials(contents.trials, labels),
    }
    beware = [text for text in [sentences.engines(engines(contents.trials))] if text]
    if beware:
        findings["pareto"] = lambda _v, _s: beware
    if contents.budget is not None:
        findings["expected_best"] = lambda _v, _s: sentences.budgets(contents.budget, labels)
    if contents.importance is not None:

        def importances(variant, surrogate):
            return sentences.importances(contents.importance, labels, variant, surrogate)

        def interactions(variant, surrogate):
            return sentences.interactions(contents.importance, labels, variant, surrogate)

        findings |= {"figure_5": importances, "surrogates": importances, "figure_6": interactions}
    if contents.effects is not None:
        findings["figure_4"] = lambda variant, surrogate: (
            sentences.marginals(contents.effects, labels, measures, variant, surrogate) + beware
        )
    surrogate = contents.configuration["analysis"]["surrogate"]
    return [
        {
            "name": name,
            "image": Markup(image),
            "caption": captions.caption(name, findings, surrogate),
        }
        for name, image in contents.images.items()
    ]


def _is_number(kind) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _table(name: str, frame: pd.DataFrame, labels: Mapping[str, str]) -> dict:
    columns = [c for c in frame.columns if frame[c].notna().any()]
    numeric = {c: _is_number(frame[c].dtype) for c in columns}
    rows = []
    for row in frame[columns].to_dict("records"):
        cells = []
        for column, value in row.items():
            text = format_value(value)
            key = "" if pd.isna(value) or not numeric[column] else repr(float(value))
            shown = labels.get(text, text) if column == "task" else text
            cells.append({"text": shown, "key": key, "numeric": numeric[column]})
        rows.append(cells)
    return {
        "name": name,
        "title": TABLES.get(name, name.replace("_", " ").capitalize()),
        "heads": [
            {"text": printed.HEADINGS.get(c, c.replace("_", " ")), "numeric": numeric[c]}
            for c in columns
        ],
        "rows": rows,
    }
