#!/usr/bin/env bash
# Makes .venv with what requirements.lock says, and the library installed as it lies here; does nothing
# where that is done already.
#
#     envs/venv.sh [python]
#
# The lock is a plain requirements file, complete but for torch's CUDA libraries: pip adds those with
# the CUDA build of torch and not with the CPU build, whichever one pip's own settings lead it to.
# pyrfr is built from source with a SWIG that pip's isolated build would not see, so it gets a build
# environment of its own, and meanwhile everything else is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-python3}
venv=.venv
lock=requirements.lock
stamp=$venv/installed
described=$venv/pyproject.toml # as it was when the library was installed
log=$venv/install.log
built_here='pyrfr|fanova' # fanova needs pyrfr

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}


check_machine() {
    local version have
    command -v "$python" >/dev/null ||
        fail "There is no $python here: install Python 3.11, 3.12 or 3.13, or name one, as in: make PYTHON=/path/to/python3.12"
    version=$("$python" -c 'import sys; sys.stdout.write("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
        fail "$python does not start: name another Python, as in: make PYTHON=/path/to/python3.12"
    case $version in
    3.11 | 3.12 | 3.13) ;;
    *) fail "Python 3.11, 3.12 or 3.13 is needed, and $python is $version: name another, as in: make PYTHON=/path/to/python3.12" ;;
    esac
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python comes without venv: install it (Debian, Ubuntu: apt install python3-venv)"
    for have in CC CXX; do
        have=$("$python" -c "import os, shlex, sysconfig; print(shlex.split(os.environ.get('$have') or sysconfig.get_config_var('$have') or 'c++')[0])")
        command -v "$have" >/dev/null ||
            fail "A C++ compiler is needed, and there is no $have: install one (Debian, Ubuntu: apt install g++)"
    done
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        fail "The headers of $python are needed to compile: install them (Debian, Ubuntu: apt install python3-dev)"
}

# A virtual environment is bound to its folder and its Python; the lock says what is in it.
state() {
    printf '%s\n' "$PWD"
    "$venv/bin/python" -c 'import sys; print(sys.version)' 2>/dev/null || true
    cat "$lock"
}

quietly() { # label, command...: one line that says how far pip is; the rest goes to the log
    local label=$1 line count=0 total
    shift
    total=$(grep -c == "$lock")
    printf '%s\n' "$label"
    "$@" 2>&1 | tee -a "$log" | while IFS= read -r line; do
        case $line in
        Collecting*)
            count=$((count + 1))
            [[ -t 1 ]] && printf '\r\033[K  %d of about %d: %s' "$count" "$total" "${line#Collecting }"
            ;;
        "Installing collected packages"*)
            [[ -t 1 ]] && printf '\r\033[K'
            printf '  all there, unpacking\n'
            ;;
        esac
    done
}

give_up() {
    [[ -z ${builder:-} ]] || kill "$builder" 2>/dev/null || true
    printf 'The installation failed (the whole story: %s):\n' "$log" >&2
    grep -v '^WARNING' "$log" | tail -n 15 >&2
    exit 1
}

build_pyrfr() {
    "$python" -m venv --without-pip "$venv/build"
    "$venv/bin/pip" --python "$venv/build/bin/python" install --no-compile -c "$lock" setuptools swig
    PATH=$PWD/$venv/build/bin:$PATH "$venv/bin/pip" --python "$venv/build/bin/python" wheel \
        --use-pep517 --no-build-isolation --no-deps -c "$lock" -w "$venv/wheels" pyrfr
}

# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, every job of a study would compile
# what it imports, which takes longer than most of them work. Once will do, while pyrfr is built; an
# import that fails here fails again where it is needed, and says why.
compile_imported() {
    env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" - <<'END'
import altair, ConfigSpace, jinja2, music21, pandas, pyarrow.parquet, scipy.stats, sklearn.ensemble
import matplotlib.backends.backend_agg, matplotlib.backends.backend_pdf
import matplotlib.backends.backend_svg, snakemake.cli, snakemake.executors.local, snakemake.script
import snakemake_executor_plugin_slurm, snakemake_executor_plugin_slurm_jobstep
import torch
END
}

install() {
    local pip=("$venv/bin/pip" install --progress-bar off --no-compile --use-pep517 --no-build-isolation)
    printf 'Setting up .venv with %s (log: %s)\n' "$("$python" --version)" "$log"
    "$python" -m venv --clear "$venv"
    : >"$log"
    "$venv/bin/python" -m pip install --no-compile -c "$lock" pip setuptools >>"$log" 2>&1 || give_up
    build_pyrfr >"$venv/build.log" 2>&1 &
    builder=$!
    quietly "Installing the packages of $lock" \
        "${pip[@]}" -r <(grep -vE "^($built_here)==" "$lock") || give_up
    compile_imported >>"$log" 2>&1 || true
    printf 'Compiling pyrfr\n'
    wait "$builder" || { cat "$venv/build.log" >>"$log"; give_up; }
    "${pip[@]}" --no-deps "$venv"/wheels/pyrfr-*.whl -r <(grep -E '^fanova==' "$lock") >>"$log" 2>&1 || give_up
    rm -rf "$venv/build" "$venv/build.log" "$venv/wheels"
}

# Editable: what is installed is the place, the version and the command. The lock has all it needs.
install_library() {
    "$venv/bin/pip" install --no-index --no-deps --no-build-isolation -e . >>"$log" 2>&1 || give_up
    cp pyproject.toml "$described"
}

if ! [[ -f $stamp ]] || ! state | cmp -s - "$stamp"; then
    check_machine
    install
fi
cmp -s pyproject.toml "$described" 2>/dev/null || install_library
state >"$stamp"
