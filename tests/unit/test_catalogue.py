"""The catalogue of figures and tables, held to what draws and reads them."""

import inspect
from importlib import import_module

import pytest

from odyssey.analysis import tables
from odyssey.captions import of_figure, of_table
from odyssey.catalogue import COMPARISON, EVOLUTION, FIGURES, PARTS, TABLES, drawings, wanted
from odyssey.catalogue import tables as of_study
from odyssey.config import read_study
from odyssey.results import RESULTS, files

SUPPLEMENT = {"variant", "surrogate"}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_from_what_its_entry_names(name):
    figure = FIGURES[name]
    takes = inspect.signature(import_module(f"odyssey.figures.{name}").draw)
    takes.bind(**dict.fromkeys((*figure.results, *figure.settings)))  # or else a TypeError
    assert set(figure.results) <= set(RESULTS)
    assert set(takes.parameters) >= (SUPPLEMENT if figure.in_supplement else set())


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_laid_out_from_what_its_entry_names(name):
    table = TABLES[name]
    inspect.signature(getattr(tables, table.function)).bind(*table.results)
    assert set(table.results) <= set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_read_by_what_is_there(name):
    module, _, reader = RESULTS[name][1].rpartition(".")
    found = getattr(import_module(module), reader)
    paths = files(name, "results/small", "iam")
    assert all(path.startswith("results/small/") and "{" not in path for path in paths)
    if callable(found):
        inspect.signature(found).bind(*paths)
    else:
        assert len(paths) == 1
        assert set(found.values()) <= {"str", "bool", "int64", "Int64", "float64", "boolean"}


def test_each_has_its_own_words_and_an_unknown_one_its_name():
    captions = [entry.caption for entry in (*FIGURES.values(), *TABLES.values())]
    assert len({caption.reading or caption.title for caption in captions}) == len(captions)
    assert str(of_figure("figure_2")).endswith("with its transcription.")
    assert of_table("costs") == TABLES["costs"].caption
    assert of_figure("my_figure").title == of_table("my_figure").title == "My figure"


def test_a_study_draws_what_it_has_and_the_others_of_the_supplement_when_asked():
    all_of_it = drawings(["V", "NP"])
    supplement = [name for name in all_of_it if name.startswith("supplement/")]
    others = [name for name, figure in FIGURES.items() if figure.of == COMPARISON]
    assert list(all_of_it) == [*others, *supplement]
    assert len(supplement) == 3 * 2 * 2  # figures, variants, surrogates
    drawing = all_of_it["supplement/figure_5_NP_forest"]
    assert (drawing.module, drawing.own) == ("figure_5", {"variant": "NP", "surrogate": "forest"})
    beside = {f"figure_{n}_{which}" for n in (4, 5, 6) for which in ("NP", "V_forest")}
    chosen = wanted(all_of_it, "gp")
    assert chosen[: len(others)] == others
    assert {name.removeprefix("supplement/") for name in chosen[len(others) :]} == beside
    assert not [name for name in wanted(all_of_it, "forest") if name.endswith("forest")]


def test_a_study_without_vanilla_or_handwriting_lacks_what_shows_them():
    drawn = set(drawings(["NP"], ["line"]))
    lacking = {"figure_2", "figure_4", "figure_5", "figure_6", "surrogates", "parts"}
    lacking |= {"evolution"}
    assert set(FIGURES) - drawn == lacking
    assert "supplement/figure_4_NP" in drawn


def test_a_study_without_attribution_has_neither_its_figure_nor_its_table():
    drawn, tabled = drawings(["V"], ["attribution"]), of_study(COMPARISON, ["attribution"])
    assert set(drawings(["V"])) - set(drawn) == {"attribution"}
    assert set(of_study(COMPARISON)) - set(tabled) == {"attribution"}


@pytest.mark.parametrize(
    ("task", "reseed", "counted"),
    [("capacity", 2, {"capacity": 50}), ("capacity", 0, {}), ("copy", 2, {})],
)
def test_bits_are_counted_of_random_labels_with_new_seeds_only(task, reseed, counted):
    settings = {"items": 50} if task == "capacity" else {}
    study = read_study({"study": "s", "tasks": {task: settings}, "analysis": {"reseed": reseed}})
    assert study.random_labels == counted
    assert ("bits" in drawings(["V"], study.lacking)) == bool(counted)


def test_another_kind_of_study_has_figures_and_tables_of_its_own():
    assert list(drawings(["V", "NP"], kind=PARTS)) == ["parts"]
    assert set(of_study(PARTS)) == {"costs", "parts"}
    assert list(drawings(["V"], kind=EVOLUTION)) == ["evolution"]
    assert set(of_study(EVOLUTION)) == {"generations"}
    assert set(of_study(COMPARISON)) == set(TABLES) - {"parts", "generations"}
