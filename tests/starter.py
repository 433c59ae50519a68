"""Snakemake without its start of seconds: a process that has imported it forks for each call.

Run as a script, it reads a call a line, as JSON: folder, environment, arguments, and the file for
what is said; and answers with the exit status.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path


def serve() -> None:
    """Answer calls until there are no more."""
    # What each call would import, some of it after its start.
    import pydantic  # noqa: F401
    import smart_open  # noqa: F401
    from snakemake.cli import get_argument_parser, main

    get_argument_parser()  # with what Snakemake's plugins import
    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            for stream, path in enumerate((os.devnull, *call["said"])):
                os.dup2(os.open(path, os.O_RDWR), stream)
            os.chdir(call["folder"])
            os.environ.clear()
            os.environ.update(call["environment"])
            sys.argv = ["snakemake", *call["arguments"]]
            sys.exit(main())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


@cache
def _server() -> subprocess.Popen:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # It ends with this process, which then closes the pipe.
    return subprocess.Popen(
        [sys.executable, "-P", __file__],  # whose folder no call is to import from
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def snakemake(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run Snakemake in a folder; return its exit status and what it said."""
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place, name) for name in ("stdout", "stderr")]
        for file in said:
            file.touch()
        call = {
            "folder": str(folder),
            "environment": environment,
            "arguments": arguments,
            "said": [str(file) for file in said],
        }
        server = _server()
        try:
            server.stdin.write(json.dumps(call) + "\n")
            server.stdin.flush()
            status = int(server.stdout.readline())
        except BaseException:  # such as a test's time limit: another call is not to read its answer
            server.kill()
            _server.cache_clear()
            raise
        return status, "".join(file.read_text(encoding="utf-8") for file in said)


if __name__ == "__main__":
    serve()
