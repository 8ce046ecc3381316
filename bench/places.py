"""Where the harness finds things: attune, its models, the peers' Python, the real data, the work folder."""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench-work"
RESULTS = ROOT / "bench_results"
PEERS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attune" / "bench" / "peers"


class PlaceError(Exception):
    pass


def add_options(parser):
    parser.add_argument("--attune", type=Path, default=ROOT / "build" / "attune", metavar="PROGRAM", help="default %(default)s")
    parser.add_argument("--python", type=Path, default=PEERS / "bin" / "python", metavar="PYTHON",
                        help="a Python with the peers; bench/peers/setup.sh makes the default, %(default)s")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", metavar="DIR",
                        help="real data files; made-up texts of the same lengths where they are missing (default %(default)s)")


def require_attune(program):
    if not os.access(program, os.X_OK):
        raise PlaceError(f"{program} is not a program; build it (./run build) or name another with --attune")


def model(name, attune):
    """Folder of a model: a folder is itself; a name is asked of `attune models path`."""
    if Path(name).is_dir():
        return Path(name)
    done = subprocess.run([str(attune), "models", "path", str(name)], capture_output=True, text=True)
    if done.returncode != 0:
        raise PlaceError(f"model {name!r} is not here ({done.stderr.strip()}); `{attune} models get {name}` fetches it")
    return Path(done.stdout.strip())


def tcmalloc():
    """Debian's tcmalloc, or None."""
    for pattern in ("libtcmalloc_minimal.so.*", "libtcmalloc.so.*"):
        for folder in ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"):
            found = sorted(Path(folder).glob(pattern))
            if found:
                return found[0]
    return None


def flags():
    """What the processor can, as Linux names it; empty where /proc does not say."""
    try:
        return next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")).split()
    except (OSError, StopIteration):
        return []


def has_flag(name):
    return name in flags()
