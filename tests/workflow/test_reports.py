"""The report of a finished study, and Snakemake's own."""


def test_the_report_is_one_page_with_the_studys_name(finished):
    page = (finished.results / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert "small" in page
    assert "http-equiv" in page  # the policy that forbids requests


def test_snakemakes_own_report_shows_figures_and_tables(finished):
    finished.snakemake("--report", "report.html")
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    for caption in ("figure_3", "best_trials"):
        source = finished.folder / "workflow" / "captions" / f"{caption}.rst"
        assert source.read_text(encoding="utf-8").strip()[:40] in page
    assert "Supplement" in page
