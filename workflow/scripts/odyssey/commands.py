"""The command `odyssey`: what a person asks of a study beside running it with Snakemake."""

from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

# Where each lies, as module and function, which is imported when it is asked for.
COMMANDS = {
    "status": ("odyssey.status", "main", "how far a study is, while it runs or afterwards"),
    "cost": ("odyssey.forecast", "main", "what a study will cost, measured on this machine"),
    "compare": ("odyssey.compare", "main", "one page on what two studies say of the same"),
    "new-cell": ("odyssey.new_files", "new_cell", "a file of equations to start from"),
    "new-task": ("odyssey.new_files", "new_task", "a task of your own to start from"),
    "reference": ("odyssey.kept_studies", "main", "results/reference and the documents' tables"),
    "config": ("odyssey.config_reference", "main", "config/README.md and config/schema.json"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; what follows its name is its own.

    Parameters
    ----------
    argv : sequence of str, optional
        By default, those of the process.
    """
    parser = ArgumentParser(prog="odyssey", description=__doc__)
    parser.add_argument("--version", action="version", version=version("lstm-odyssey"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, _, what) in COMMANDS.items():
        commands.add_parser(name, help=what, add_help=False)
    chosen, rest = parser.parse_known_args(argv)
    module, function, _ = COMMANDS[chosen.command]
    getattr(import_module(module), function)(rest)
