"""The report: one page that holds all it shows and asks the network for nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
import vl_convert
from markupsafe import Markup

from odyssey.analysis import effects
from odyssey.analysis import tables as printed
from odyssey.analysis.markup import format_value
from odyssey.analysis.samples import samples
from odyssey.analysis.selection import engines
from odyssey.captions import of_table
from odyssey.figures.style import Tasks
from odyssey.quantities import duration, percent
from odyssey.report import captions, explorer, rows, sentences
from odyssey.report.files import Picture, setting_lines
from odyssey.report.templates import fill, verbatim

# The figure that answers the question, and how wide one is at most, in points, that has room for
# its caption beside it.
ANSWER, NARROW = "figure_3", 300


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
    pictures : mapping of str to Picture
        From figures' names (`files.read_pictures`).
    tables : mapping of str to pandas.DataFrame
        From tables' names.
    machine : str
        On which the report is made.
    importance : pandas.DataFrame, optional
        As `fanova.analyse_search` returns it, of all searches.
    effects : pandas.DataFrame, optional
        As `effects.table` returns it.
    claims : pandas.DataFrame, optional
        As `claims.judge` returns it.
    budget : pandas.DataFrame, optional
        As `budget.expected_best` returns it.
    """

    configuration: Mapping[str, Any]
    trials: pd.DataFrame
    curves: pd.DataFrame
    welch: pd.DataFrame
    tasks: Tasks
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: str = ""
    importance: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    claims: pd.DataFrame | None = None
    budget: pd.DataFrame | None = None


def render(contents: Contents) -> str:
    """Write the report.

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
    shown = _figures(contents, labels, measures)
    every = explorer.stride(len(contents.curves))
    return fill(
        "page.html.jinja",
        study=contents.configuration["study"],
        summary=_summary(contents, labels),
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
        answer=next((figure for figure in shown if figure["name"] == ANSWER), None),
        standings=rows.standings(contents.welch, labels, measures, _margins(contents)),
        selected=percent(contents.configuration["analysis"]["best_fraction"]),
        claims=[] if contents.claims is None else rows.claims(contents.claims, labels),
        verdicts="" if contents.claims is None else sentences.verdicts(contents.claims),
        figures=[f for f in shown if f["name"] != ANSWER and not f["subject"]],
        subjects=list(dict.fromkeys(f["subject"] for f in shown if f["subject"])),
        of_subjects=[f for f in shown if f["subject"]],
        tables=[_table(name, frame, labels) for name, frame in contents.tables.items()],
        chart=script_data(
            explorer.chart(
                contents.trials, every, labels, measures, contents.configuration["search"]
            )
        ),
        trials=script_data(explorer.trial_columns(contents.trials, contents.curves)),
        curve_stride=every,
        colours=explorer.colours(list(contents.trials["variant"].unique())),
        # Its types forget that the snippet can be left out.
        library=Markup(vl_convert.javascript_bundle()),  # type: ignore[call-arg]
        script=verbatim("page.js"),
    )


def script_data(value: object) -> Markup:
    """Write data as JSON that can stand in a script element, whatever texts are in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _summary(contents: Contents, labels: Mapping[str, str]) -> str:
    analysis = contents.configuration["analysis"]
    said = [
        sentences.against_vanilla(
            contents.welch, labels, analysis["alpha"], analysis["selection_luck"]
        )
    ]
    if contents.importance is not None:
        said.append(sentences.what_matters(contents.importance, labels, analysis["surrogate"]))
    return " ".join([*filter(None, said), sentences.what_ran(contents.trials, labels)])


def _margins(contents: Contents) -> dict[str, float]:
    return {} if contents.effects is None else effects.margins(contents.effects)


def _tasks(
    trials: pd.DataFrame, labels: Mapping[str, str], measures: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = []
    for task, of_task in trials.groupby("task", sort=False):
        status = of_task["status"].value_counts()
        first = of_task.iloc[0]
        found.append(
            {
                "label": labels[task],
                "corpus": printed.corpus(first["source"], first["synthetic"]),
                "measure": measures[task],
                "variants": of_task["variant"].nunique(),
                "trials": len(of_task),
                "completed": int(status.get("completed", 0)),
                "diverged": int(status.get("diverged", 0)),
                "failed": int(status.get("failed", 0)),
                "time": duration(of_task["train_seconds"].sum()),
            }
        )
    return found


def _facts(contents: Contents) -> dict[str, str]:
    trials, configuration = contents.trials, contents.configuration
    analysis = configuration["analysis"]
    engines, devices, machines = (
        sentences.listed(trials[k].unique()) for k in ("engine", "device", "machine")
    )
    facts = {
        "Seed": str(configuration["seed"]),
        "Training": f"{duration(trials['train_seconds'].sum())}, "
        f"{trials['epochs'].sum():,} epochs; engine {engines}, on {devices}",
        "Trained on": machines,
        "Analysis": f"best {percent(analysis['best_fraction'])} of a search's trials by "
        f"validation; α = {analysis['alpha']:g}, corrected after {analysis['correction'].title()}"
        + f"; {sentences.TESTS[analysis['selection_luck']]}",
        "Report made on": contents.machine,
    }
    return {name: fact for name, fact in facts.items() if fact}


def _finders(
    contents: Contents, labels: Mapping[str, str], measures: Mapping[str, str]
) -> captions.Finders:
    analysis, margins = contents.configuration["analysis"], _margins(contents)

    def tested(_variant: str, _surrogate: str) -> list[str]:
        return sentences.comparisons(
            contents.welch,
            labels,
            measures,
            analysis["alpha"],
            margins,
            analysis["selection_luck"],
        )

    found: dict[str, Callable[[str, str], list[str]]] = {
        "figure_3": tested,
        "significance": tested,
        "learning_curves": lambda _v, _s: sentences.best_trials(contents.trials, labels),
    }
    beware = [text for text in [sentences.engines(engines(contents.trials))] if text]
    if beware:
        found["pareto"] = lambda _v, _s: beware
    if contents.budget is not None:
        found["expected_best"] = lambda _v, _s: sentences.budgets(contents.budget, labels)
    if contents.importance is not None:
        importances = partial(sentences.importances, contents.importance, labels)
        interactions = partial(sentences.interactions, contents.importance, labels)
        found |= {"figure_5": importances, "surrogates": importances, "figure_6": interactions}
    if contents.effects is not None:
        found["figure_4"] = lambda variant, surrogate: (
            sentences.marginals(contents.effects, labels, measures, variant, surrogate) + beware
        )
    return found


def _figures(
    contents: Contents, labels: Mapping[str, str], measures: Mapping[str, str]
) -> list[dict[str, Any]]:
    find = _finders(contents, labels, measures)
    surrogate = contents.configuration["analysis"]["surrogate"]
    again = {
        name.group(1) for name in map(captions.SUPPLEMENT.fullmatch, contents.pictures) if name
    }
    shown = [
        (name, picture, captions.caption(name, find, surrogate))
        for name, picture in contents.pictures.items()
    ]
    return [
        {
            "name": name,
            # What else HTML would have escaped may stand in an attribute, and there is a lot of it.
            "address": Markup(picture.address.replace("&", "&amp;")),
            "width": round(picture.width),
            "height": round(picture.height),
            "narrow": picture.width <= NARROW,
            "caption": caption,
            # Those of vanilla name none.
            "subject": caption.subject or (sentences.REFERENCE if name in again else ""),
        }
        for name, picture, caption in shown
    ]


def _is_number(kind: object) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _table(name: str, frame: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, Any]:
    columns = [c for c in frame.columns if frame[c].notna().any()]
    numeric = {c: _is_number(frame[c].dtype) for c in columns}
    lines = []
    for row in frame[columns].to_dict("records"):
        fields = []
        for column, value in row.items():
            text = format_value(value)
            key = "" if pd.isna(value) or not numeric[column] else repr(float(value))
            shown = labels.get(text, text) if column == "task" else text
            fields.append({"text": shown, "key": key, "numeric": numeric[column]})
        lines.append(fields)
    return {
        "name": name,
        "caption": of_table(name),
        "heads": [
            {"text": printed.HEADINGS.get(c, c.replace("_", " ")), "numeric": numeric[c]}
            for c in columns
        ],
        "rows": lines,
    }
