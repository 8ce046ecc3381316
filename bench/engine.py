"""What an engine is, what a comparison gives it, and what holds it to an instruction set.

An engine is a command that does `amount` of work (steps, rows or texts) and ends. Its last line of output may be a JSON
object of facts: real_tokens, loss, versions. What it needs and lacks makes it "left out", by name, never silently.
"""
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import made_up
import places
import process

PEERS = Path(__file__).resolve().parent / "peers"

# --isa: what holds each library to an instruction set. avx512 is AVX-512 with VNNI and without bf16. ONNX Runtime has no such
# switch, and OpenVINO's f32 products come from the same library: both are left out where AVX-512 must not be used.
# PyTorch's f32 products are MKL's; none of its variables was seen to limit them on an AMD processor, where they ran at about
# the rate of AVX2 whatever was set (on a busy machine: not confirmed).
ISA = {
    "native": {},
    "avx512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI", "DNNL_MAX_CPU_ISA": "AVX512_CORE_VNNI", "ATEN_CPU_CAPABILITY": "avx512",
               "MKL_ENABLE_INSTRUCTIONS": "AVX512", "CT2_FORCE_CPU_ISA": "AVX512", "ATTUNE_MAX_ISA": "avx512"},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
             "MKL_ENABLE_INSTRUCTIONS": "AVX2", "CT2_FORCE_CPU_ISA": "AVX2", "ATTUNE_MAX_ISA": "avx2"},
}


@dataclass
class Job:
    """One comparison's inputs. `stem`.csv, .ids.json and .txt are the set; `model` a folder, fine-tuned for prediction."""
    attune: Path
    python: Path
    model: Path
    stem: Path
    work: Path
    batch_size: int = 16
    threads: int = 2
    isa: str = "native"
    reference: list | None = None  # logits of the first rows, float32

    def head(self, amount, suffix):
        """A file of the first `amount` rows, made once; of texts also more than the set has (made_up.more_texts)."""
        source = Path(f"{self.stem}{suffix}")
        path = self.work / "heads" / f"{self.stem.name}-{amount}{suffix}"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = source.read_text(encoding="utf-8").split("\n")[:-1]  # a row is a line: corpus.py joins the lines of a text
            wanted = amount + (suffix == ".csv")
            lines = lines[:wanted] if wanted <= len(lines) or suffix == ".csv" else made_up.more_texts(lines, wanted)
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    def environment(self, engine):
        env = {"OMP_NUM_THREADS": self.threads, "MKL_NUM_THREADS": self.threads, "TOKENIZERS_PARALLELISM": "false",
               "HF_HUB_OFFLINE": "1", "TORCHINDUCTOR_CACHE_DIR": self.work / "inductor", **engine.env, **ISA[self.isa]}
        if engine.tcmalloc:
            env["LD_PRELOAD"] = places.tcmalloc()
        return env


def last_json_line(job, engine, amount, stdout):
    lines = [line for line in stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


@dataclass(frozen=True)
class Engine:
    name: str
    title: str
    command: Callable  # (job, amount) -> list
    precision: str = "f32"
    packages: tuple = ()  # modules that the peers' Python must have
    tcmalloc: bool = False
    env: dict = field(default_factory=dict)
    prepare: Callable | None = None  # job -> command, run once and not timed
    facts: Callable = last_json_line
    held_to: tuple = ("avx512", "avx2")  # the limits of --isa that it keeps
    program: Callable | None = None  # job -> a program of ours that must have been built
    refuses: Callable | None = None  # job -> why this engine cannot do this job, or None
    default: bool = True  # False: only when named in --engines

    @property
    def ours(self):
        return self.name.startswith("attune")


def lacks(engine, job, modules):
    """Why the engine cannot run here, or None. `modules`: which of the peers' packages are there."""
    missing = [name for name in engine.packages if not modules.get(name)]
    if missing:
        return f"{job.python} has no package {', '.join(missing)} (bench/peers/setup.sh installs the peers)"
    if engine.tcmalloc and places.tcmalloc() is None:
        return "no tcmalloc (Debian: apt-get install libtcmalloc-minimal4)"
    if job.isa != "native" and job.isa not in engine.held_to:
        return f"has no switch that holds it to {job.isa}"
    if engine.program and not os.access(engine.program(job), os.X_OK):
        return f"{engine.program(job)} is not built (./run bench builds it)"
    return engine.refuses(job) if engine.refuses else None


@dataclass(frozen=True)
class Kind:
    """What is compared: the engines, what `amount` counts, and the two amounts whose difference is timed (short 0: none)."""
    name: str
    engines: list
    flag: str | None  # the option that sets the two amounts
    unit: str
    per: int  # the table gives ms by so many units
    short: int
    long: int
    batch_size: int
    work: str  # what a second's work is counted in: "real tokens", "bytes" or "texts"
    quality: str
    work_of: Callable  # (job, lengths of the set's rows, amount, facts) -> work
    prepare: Callable  # (job, long) -> function (engine, facts) that gives the quality or None; may change job.model
    rows_needed: Callable = lambda amount: amount
    threads: int | None = None  # of every engine, whatever --threads says


def choose(kind, names, isa):
    """Engines by name, in table order of the names given; None: the kind's defaults (f32 only where bf16 is switched off)."""
    table = {engine.name: engine for engine in kind.engines}
    if names is None:
        return [engine for engine in kind.engines if engine.default and (isa == "native" or engine.precision == "f32")]
    unknown = [name for name in names if name not in table]
    if unknown:
        raise places.PlaceError(f"unknown engine {unknown[0]!r} for {kind.name}; there are {', '.join(table)}")
    return [table[name] for name in names]


def peers_modules(python, engines):
    """{module: whether the peers' Python has it}, asked in one start of it."""
    names = sorted({name for engine in engines for name in engine.packages})
    if not names:
        return {}
    if not os.access(python, os.X_OK):
        return dict.fromkeys(names, False)
    code = "import importlib.util, json, sys; print(json.dumps({n: importlib.util.find_spec(n) is not None for n in sys.argv[1:]}))"
    done = process.run([python, "-c", code, *names])
    if done.code != 0:
        raise places.PlaceError(f"{python} does not run: {done.reason()}")
    return json.loads(done.stdout)
