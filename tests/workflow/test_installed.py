"""A copy of the workflow works with the library that lies in it, though another is installed."""

from project import Project

LIBRARY = "workflow/scripts/odyssey"


def change(project: Project, module: str, line: str) -> None:
    path = project.folder / LIBRARY / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")


def test_jobs_are_planned_with_the_library_of_the_copy(fresh):
    change(fresh, "search.py", 'raise ValueError("of the copy")')
    assert "of the copy" in fresh.snakemake("--dry-run", fails=True)


def test_jobs_import_the_library_of_the_copy(fresh):
    change(fresh, "figures/figure_1.py", 'raise ValueError("of the copy")')
    assert "of the copy" in fresh.snakemake("results/small/figures/figure_1.pdf", fails=True)


def test_snakedeploys_place_holds_the_same_workflow(fresh):
    there = fresh.planned("--snakefile", "workflow/Snakefile")
    assert there.pop("whole_study") == 1
    assert there == fresh.planned()
