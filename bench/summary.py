"""From rounds to one row an engine: medians, ratios with their range, rates of real work, share of the peak."""
import statistics


def flops_a_token(config, lengths, training):
    """Matrix products of one real token on average: 2 x weights of the layers, and attention at the sequence's own length."""
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * layers * (4 * hidden * hidden + 2 * hidden * inner)
    attention = 4 * layers * hidden * sum(n * n for n in lengths) / sum(lengths)
    return (linear + attention) * (3 if training else 1)


def spread(values):
    values = sorted(values)
    return {"median": statistics.median(values), "min": values[0], "max": values[-1], "rounds": len(values)} if values else None


def difference(run, work_of, long_amount, short_amount):
    """Seconds and work of the long run beyond the short one; None where noise ate the difference."""
    seconds = run["long"]["seconds"] - (run["short"]["seconds"] if run["short"] else 0)
    work = work_of(long_amount, run["long"]["facts"]) - (work_of(short_amount, run["short"]["facts"]) if run["short"] else 0)
    return (seconds, work) if seconds > 0 and work > 0 else None


def rows(engines, rounds, short, long, per, work_of, quality, flops=None):
    """One row an engine that ran; its `rounds` are those in which the difference could be used. work_of(amount, facts): real tokens or bytes of a run. quality(engine, facts) -> number or None."""
    kept = [entry for entry in rounds if entry["kept"]]
    measured = {engine.name: [difference(entry["engines"][engine.name], work_of, long, short) for entry in kept]
                for engine in engines}
    result = []
    for engine in engines:
        good = [pair for pair in measured[engine.name] if pair]
        if not good:
            continue
        rate = statistics.median(work / seconds for seconds, work in good)
        row = {"engine": engine.name, "title": engine.title, "precision": engine.precision,
               "ms": statistics.median(seconds / (long - short) * per * 1e3 for seconds, _ in good), "work_per_second": rate,
               "peak_mib": max(entry["engines"][engine.name]["long"]["peak_mib"] for entry in kept), "rounds": len(good),
               "times_slower_than": {}}
        for ours in engines:
            if not ours.ours or ours is engine:
                continue
            ratios = [(a[0] / a[1]) / (b[0] / b[1]) for a, b in zip(measured[engine.name], measured[ours.name]) if a and b]
            row["times_slower_than"][ours.name] = spread(ratios)
        peaks = [(entry["calibration"] or {}).get("gflops", {}).get(engine.precision) for entry in kept]
        peaks = [peak for peak in peaks if peak]
        if flops and peaks:
            row["share_of_peak"] = rate * flops / 1e9 / statistics.median(peaks)
        value = quality(engine, kept[-1]["engines"][engine.name]["long"]["facts"])
        if value is not None:
            row["quality"] = value
        result.append(row)
    return result
