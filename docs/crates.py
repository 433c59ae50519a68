"""Describe each study of results/reference as a Workflow RO-Crate: ro-crate-metadata.json.

    python docs/crates.py

The crate's workflow is a Snakefile beside it: this repository's, with the study's configuration.
`make reference` ends with it, and a test holds the files to it.
"""

import json
import subprocess
from pathlib import Path

import yaml

from odyssey.catalogue import EVOLUTION
from odyssey.config import Study
from odyssey.config_files import load_study
from odyssey.kept_studies import kept_in

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "results" / "reference"
METADATA, WORKFLOW = "ro-crate-metadata.json", "Snakefile"
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
}


def snakefile(study: str) -> str:
    """Write the workflow with the configuration of a study."""
    return f'''"""The workflow with the configuration of this study, to be run in the repository."""


configfile: "config/{study}.yaml"


include: "../../../Snakefile"


rule whole_study:
    default_target: True
    input:
        rules.all.input,
'''


def kept(study: str) -> list[str]:
    """List the files of a study that git keeps, or would, but for those that are written here."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."],
        cwd=RESULTS / study,
        check=True,
        capture_output=True,
        text=True,
    )
    there = {name for name in listed.stdout.splitlines() if (RESULTS / study / name).exists()}
    return sorted(there - {METADATA, WORKFLOW})


def described(settings: Study) -> str:
    """Say in a sentence what a study is."""
    tasks = " and ".join(words["title"] for words in settings.descriptions.values())
    if settings.parts:
        return (
            f"{settings.search.trials} trials of random search for each of the "
            f"{len(settings.variants)} blocks that {', '.join(settings.parts)} make together, on "
            f"{tasks}, and what each of these changes does alone and beside the others."
        )
    if settings.kind == EVOLUTION:
        return (
            f"{settings.evolution.generations} generations of cells, bred by "
            f"{settings.search.trials} short trials of each on {tasks}, and the best of them."
        )
    return (
        f"{settings.search.trials} trials of random search for each of "
        f"{', '.join(settings.variants)} on {tasks}, their tests, importances and verdicts."
    )


def metadata(study: str) -> str:
    """Describe a study.

    Parameters
    ----------
    study : str
        A folder of results/reference, and a file of config.

    Returns
    -------
    str
        JSON-LD by the profile Workflow RO-Crate 1.0.
    """
    settings = load_study([REPOSITORY / "config" / f"{study}.yaml"])
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    paper = citation["references"][0]
    authors = {"@id": "#authors"}
    licence = {"@id": f"https://spdx.org/licenses/{citation['license']}"}
    source = {"@id": f"https://doi.org/{paper['doi']}"}
    files = kept(study)
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [
                {"@id": "https://w3id.org/ro/crate/1.1"},
                {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
            ],
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"lstm-odyssey: the study {study}",
            "description": described(settings),
            "datePublished": str(citation["date-released"]),
            "license": licence,
            "author": authors,
            "publisher": authors,
            "citation": source,
            "mainEntity": {"@id": WORKFLOW},
            "hasPart": [{"@id": name} for name in (WORKFLOW, *files)],
        },
        {
            "@id": WORKFLOW,
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": citation["title"],
            "version": citation["version"],
            "license": licence,
            "author": authors,
            "encodingFormat": "text/plain",
            "conformsTo": {
                "@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
            },
            "programmingLanguage": {"@id": "#snakemake"},
        },
        *(
            {
                "@id": name,
                "@type": "File",
                "name": name,
                "encodingFormat": FORMATS[Path(name).suffix],
            }
            for name in files
        ),
        {
            "@id": "#snakemake",
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            "url": {"@id": "https://snakemake.readthedocs.io"},
        },
        {"@id": authors["@id"], "@type": "Organization", "name": citation["authors"][0]["name"]},
        {
            "@id": licence["@id"],
            "@type": "CreativeWork",
            "name": f"{citation['license']} license",
            "identifier": licence["@id"],
        },
        {"@id": source["@id"], "@type": "ScholarlyArticle", "name": paper["title"]},
    ]
    crate = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return json.dumps(crate, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files of each study."""
    for study in kept_in(REPOSITORY):
        (RESULTS / study / WORKFLOW).write_text(snakefile(study), encoding="utf-8")
        (RESULTS / study / METADATA).write_text(metadata(study), encoding="utf-8")


if __name__ == "__main__":
    main()
