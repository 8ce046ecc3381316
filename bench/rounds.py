"""Times engines in turn: in every round each engine makes its short and its long run, so that drift of the machine hits all.

Before a round the calibration command runs, if there is one; a round whose figure moved more than 5% from the median of all
rounds does not count, and more rounds are added until enough count or `extra` are spent.
"""
import json
import statistics
import sys

import places
import process

TOLERANCE = 0.05


def say(text):
    print(text, file=sys.stderr, flush=True)


def calibrate(command):
    """{"ms": ..., "gflops": {"f32": ..., "bf16": ...}}; the command prints one number, ms, or such an object."""
    done = process.run(["sh", "-c", command])
    try:
        if done.code != 0:
            raise ValueError(done.reason())
        value = json.loads(done.stdout.strip().splitlines()[-1])
        return value if isinstance(value, dict) and value["ms"] > 0 else {"ms": float(value)}
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise places.PlaceError(f"the calibration command {command!r} must print milliseconds as one number, or "
                                f'{{"ms": ..., "gflops": {{"f32": ..., "bf16": ...}}}}: {error}') from error


def counting(rounds):
    """Marks each round's `kept`; without calibration all count."""
    figures = [entry["calibration"]["ms"] for entry in rounds if entry["calibration"]]
    middle = statistics.median(figures) if figures else None
    for entry in rounds:
        entry["kept"] = middle is None or abs(entry["calibration"]["ms"] / middle - 1) <= TOLERANCE
    return [entry for entry in rounds if entry["kept"]]


class Failed(Exception):
    pass


def one(engine, job, amount):
    """Seconds, peak memory and facts of one run."""
    done = process.run(engine.command(job, amount), job.environment(engine))
    if done.code != 0:
        raise Failed(f"{done.reason()} (exit status {done.code})")
    try:
        facts = engine.facts(job, engine, amount, done.stdout)
    except (OSError, ValueError, KeyError, ZeroDivisionError) as error:
        raise Failed(f"its output cannot be read: {error!r}") from error
    return {"seconds": done.seconds, "peak_mib": done.peak_mib, "others": done.others, "facts": facts}


def pair(engine, job, short, long):
    """A few steps first, not timed: another engine ran just now, and the first run after it was seen to start 0.9 s late
    (a difference that would have flattered whoever it hit)."""
    if short:
        one(engine, job, max(1, short // 25))
    return {"short": one(engine, job, short) if short else None, "long": one(engine, job, long)}


def prepare(engines, job, short, long, warm_up, left_out):
    """Exports and the like, then a run that is not timed (caches, compilers); a failing engine is left out."""
    ready = []
    for engine in engines:
        try:
            if engine.prepare:
                say(f"preparing {engine.name}")
                done = process.run(engine.prepare(job), job.environment(engine))
                if done.code != 0:
                    raise Failed(f"preparing failed: {done.reason()}")
            if warm_up:
                say(f"warming up {engine.name}")
                one(engine, job, short or long)
            ready.append(engine)
        except Failed as error:
            left_out[engine.name] = str(error)
            say(f"left out: {engine.name}: {error}")
    return ready


def measure(engines, job, short, long, wanted, extra, calibration, warm_up, left_out):
    """Rounds: [{"calibration", "kept", "engines": {name: {"short", "long"}}}]; engines that fail are added to left_out."""
    engines = prepare(engines, job, short, long, warm_up, left_out)
    rounds = []
    while engines and len(counting(rounds)) < wanted and len(rounds) < wanted + extra:
        entry = {"calibration": calibrate(calibration) if calibration else None, "kept": True, "engines": {}}
        for engine in list(engines):
            try:
                entry["engines"][engine.name] = pair(engine, job, short, long)
            except Failed as error:
                left_out[engine.name] = f"in round {len(rounds) + 1}: {error}"
                engines.remove(engine)
                say(f"left out: {engine.name}: {error}")
                for earlier in (*rounds, entry):
                    earlier["engines"].pop(engine.name, None)
        rounds.append(entry)
        figure = f"calibration {entry['calibration']['ms']:.2f} ms; " if entry["calibration"] else ""
        say(f"round {len(rounds)}: {figure}" + ", ".join(
            f"{name} {run['long']['seconds'] - (run['short'] or {'seconds': 0})['seconds']:.2f} s" for name, run in entry["engines"].items()))
    counting(rounds)
    return rounds
