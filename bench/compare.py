"""One comparison from inputs to result: runs the rounds, reads the quality, and says what machine and versions it was."""
import datetime
import json
import os
import platform
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import corpus
import engine as engine_module
import made_up
import places
import rounds
import summary
from engine import Job
from kinds import KINDS

ERRORS = (places.PlaceError, corpus.CorpusError, made_up.MadeUpError)

@dataclass
class Settings:
    """How to measure; what is measured stands in Comparison."""
    attune: Path
    python: Path
    data: Path
    work: Path
    rounds: int = 7
    extra: int = 3
    threads: int = 2
    calibrate: str | None = None
    warm_up: bool = True
    made_up: bool = False

    @property
    def out(self):  # where corpus.py writes
        return self.work / "corpus"


@dataclass(frozen=True)
class Bar:
    """What attune wants to reach: `ours` at least must (aim) times as fast as the fastest of `peers`, with that many times
    less memory, or in at most so many ms."""
    what: str
    ours: str
    peers: tuple
    must: float
    aim: float
    measure: str = "speed"  # speed | memory | ms


@dataclass(frozen=True)
class Comparison:
    """What is compared. Engines None: the kind's defaults; short, long and batch_size None: the kind's."""
    kind: str
    model: str = "minilm"  # minilm, multilingual, bert-base (random weights, made here), or a folder
    set: str = "sst2"
    engines: tuple | None = None
    isa: str = "native"
    short: int | None = None
    long: int | None = None
    batch_size: int | None = None
    name: str = ""
    title: str = ""
    bars: tuple = ()


def machine():
    """The processor and what else is needed to read the figures."""
    try:
        cpu = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        kib = int(Path("/proc/meminfo").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        cpu, kib = [], 0
    return {"cpu": cpu[0] if cpu else platform.processor(), "cpus": len(os.sched_getaffinity(0)), "memory_gib": round(kib / 2**20, 1),
            "isa": [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if places.has_flag(flag)],
            "kernel": platform.release()}


def others_share(measured):
    """Median and largest share of the processors that others took while engines ran, over the long runs that count."""
    shares = sorted(run["long"]["others"] for entry in measured if entry["kept"] for run in entry["engines"].values()
                    if run["long"]["others"] is not None and run["long"]["seconds"] > 0.5)
    return {"median": statistics.median(shares), "max": shares[-1]} if shares else None


def attune_version(program):
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True)
    here = subprocess.run(["git", "-C", str(places.ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {"attune": done.stdout.strip().removeprefix("attune "), "harness commit": here.stdout.strip()}


def base_model(comparison, settings):
    if comparison.model == "bert-base":
        return corpus.make_bert_base(settings)
    return places.model(comparison.model, settings.attune)


def run(comparison, settings):
    """The result, ready to be written as JSON and made a table of."""
    places.require_attune(settings.attune)
    kind = KINDS[comparison.kind]
    short = kind.short if comparison.short is None else comparison.short
    long = kind.long if comparison.long is None else comparison.long
    if not 0 <= short < long:
        raise places.PlaceError(f"the short run ({short} {kind.unit}s) must be shorter than the long one ({long})")
    chosen = engine_module.choose(kind, comparison.engines, comparison.isa)
    stem = corpus.ensure(comparison.set, settings)
    data = json.loads(Path(f"{stem}.ids.json").read_text(encoding="utf-8"))
    lengths = [len(row["input_ids"]) for row in data["rows"]]
    if kind.rows_needed(long) > len(lengths):
        raise places.PlaceError(f"{comparison.set} has {len(lengths)} rows, fewer than the {long} asked for")
    job = Job(settings.attune, settings.python, base_model(comparison, settings), stem, settings.work,
              comparison.batch_size or kind.batch_size, kind.threads or settings.threads, comparison.isa)
    begun = datetime.datetime.now(datetime.timezone.utc)
    where = machine()
    modules = engine_module.peers_modules(settings.python, chosen)
    left_out = {each.name: why for each in chosen if (why := engine_module.lacks(each, job, modules))}
    for name, why in left_out.items():
        rounds.say(f"left out: {name}: {why}")
    ready = [each for each in chosen if each.name not in left_out]
    quality = kind.prepare(job, long)
    measured = rounds.measure(ready, job, short, long, settings.rounds, settings.extra, settings.calibrate, settings.warm_up, left_out)
    ready = [each for each in ready if each.name not in left_out]
    config = json.loads((Path(job.model) / "config.json").read_text(encoding="utf-8"))
    rows = summary.rows(
        ready, measured, short, long, kind.per, lambda amount, facts: kind.work_of(job, lengths, amount, facts), quality,
        flops=summary.flops_a_token(config, lengths, kind.name == "train") if kind.work == "real tokens" else None)
    versions = attune_version(settings.attune)
    for entry in measured:
        for run_pair in entry["engines"].values():
            for part in filter(None, run_pair.values()):
                versions |= part["facts"].get("versions", {})
                part["facts"] = {key: value for key, value in part["facts"].items() if key in ("real_tokens", "loss", "logits_error")}
    for each in ready:
        if each.name not in {row["engine"] for row in rows}:
            left_out[each.name] = f"the run of {long} took no longer than that of {short} {kind.unit}s: too little work to time"
    return {
        "name": comparison.name or f"{comparison.kind}-{Path(comparison.model).name}-{comparison.set}-{comparison.isa}",
        "title": comparison.title or f"{comparison.kind}, {Path(comparison.model).name}, {comparison.set}",
        "kind": comparison.kind, "model": Path(comparison.model).name, "set": comparison.set, "source": data["source"], "isa": comparison.isa,
        "mean_pieces": sum(lengths) / len(lengths), "short": short, "long": long, "batch_size": job.batch_size,
        "threads": job.threads, "unit": kind.unit, "per": kind.per, "work": kind.work, "quality": kind.quality,
        "begun": begun.isoformat(timespec="seconds"), "machine": where, "versions": versions, "warm_up": settings.warm_up,
        "calibration": settings.calibrate, "rounds_kept": sum(entry["kept"] for entry in measured), "rounds_thrown_out": sum(
            not entry["kept"] for entry in measured), "rounds_wanted": settings.rounds,
        "others": others_share(measured), "rows": rows, "left_out": left_out, "bars": [bar.__dict__ for bar in comparison.bars], "rounds": measured}
