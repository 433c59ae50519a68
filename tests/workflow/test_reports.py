"""The report of a finished study, and Snakemake's own."""

from odyssey.catalogue import FIGURES, TABLES


def test_the_report_is_one_page_with_the_studys_name(finished):
    page = (finished.results / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert "small" in page
    assert "http-equiv" in page  # the policy that forbids requests


def test_snakemakes_own_report_shows_figures_and_tables(finished):
    finished.snakemake("--report", "report.html")
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    for entry in (FIGURES["expected_best"], TABLES["best_trials"]):
        assert entry.caption.title in page
        assert entry.caption.reading in page
    assert "Supplement" in page
