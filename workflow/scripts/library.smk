"""The library that lies beside this file.

Snakemake puts the folder of a file that it includes on the path. So what plans the jobs is the same
copy of the library as the jobs' scripts import, though another may be installed; and where the
workflow is read from a hosted repository, which has no folder, it is the installed one.
"""

import os
from pathlib import Path

import odyssey

# Code that makes tables and figures is an input of their rules: a changed module remakes what it
# made. Training is different: what it paid for is kept until PROCEDURE is raised.
LIBRARY = os.path.relpath(Path(odyssey.__file__).parent)
