#!/usr/bin/env python3
"""Turns result files of the comparisons into markdown tables, and with --svg into a bar chart.

  table.py [RESULT.json ...] [--out tables.md] [--svg chart.svg]      (default: all of bench_results/)
"""
import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import places  # noqa: E402


BUSY = 0.03  # share of the machine that others may take before figures stop meaning anything


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"


def plural(count, noun):
    return f"{count} {noun}" + ("" if count == 1 else "s")


def ratio(entry):
    if not entry:
        return ""
    return f"{entry['median']:.2f} ({entry['min']:.2f} to {entry['max']:.2f})"


def reached(bar, rows):
    """(value, its range or None) of a bar, or None if an engine of it is missing; against several peers, the best one."""
    ours, peers = rows.get(bar["ours"]), [rows[name] for name in bar["peers"] if name in rows]
    if bar["measure"] == "ms":
        return (ours["ms"], None) if ours else None
    if not ours or not peers:
        return None
    if bar["measure"] == "memory":
        return min(peer["peak_mib"] for peer in peers) / ours["peak_mib"], None
    entries = [entry for peer in peers if (entry := peer["times_slower_than"].get(bar["ours"]))]
    best = min(entries, key=lambda entry: entry["median"], default=None)
    return best and (best["median"], best)


def doubts(result):
    """Why the figures of a result cannot be trusted; empty where they can."""
    found = []
    others = result["others"]
    if others and others["median"] > BUSY:
        found.append(f"Other processes took {others['median']:.0%} of the machine while these ran (at most {others['max']:.0%}).")
    if result["rounds_kept"] < result["rounds_wanted"]:
        found.append(f"Only {result['rounds_kept']} of {result['rounds_wanted']} rounds count.")
    for row in result["rows"]:
        if row["rounds"] < result["rounds_kept"]:
            found.append(f"{row['title']}: in {plural(result['rounds_kept'] - row['rounds'], 'round')} the long run took no longer than the short one.")
    return found


def verdict(bar, rows, doubted=False):
    """A bar's line: held, or missed by how much; nothing is shown by figures that are in doubt."""
    unit = " ms" if bar["measure"] == "ms" else "x"
    got = reached(bar, rows)
    if not got:
        return f"| {bar['what']} | {bar['must']}{unit} | {bar['aim']}{unit} | not measured | |"
    value, entry = got
    better = (lambda goal: goal / value) if bar["measure"] == "ms" else (lambda goal: value / goal)
    word = "aim held" if better(bar["aim"]) >= 1 else "must held" if better(bar["must"]) >= 1 else f"**missed** by {1 - better(bar['must']):.0%}"
    if doubted:
        word = "nothing shown"
    shown = ratio(entry) if entry else f"{value:.0f} ms" if bar["measure"] == "ms" else f"{value:.2f}"
    return f"| {bar['what']} | {bar['must']}{unit} | {bar['aim']}{unit} | {shown} | {word} |"


def conditions(result):
    """One paragraph: what was run on what, how often, and what must be known to judge it."""
    thrown = result["rounds_thrown_out"]
    if result["short"]:
        timed = f"wall of {result['long']:,} {result['unit']}s minus wall of {result['short']:,}"
    else:
        timed = "wall of the whole process"
    parts = [f"{result['model']}, {result['set']} (mean {result['mean_pieces']:.1f} pieces; {result['source']})",
             (f"batch {result['batch_size']}, " if result["batch_size"] > 1 else "") + plural(result["threads"], "thread"), timed,
             plural(result["rounds_kept"], "interleaved round")]
    if result["calibration"]:
        parts.append(f"{thrown} thrown out because the calibration product moved by more than 5%")
    else:
        parts.append("no calibration: no round could be thrown out")
    if result["isa"] != "native":
        parts.append(f"every engine held to {result['isa']}")
    text = "; ".join(parts) + "."
    if doubts(result):
        return f"{text} **No figure here can be trusted: {' '.join(doubts(result))}**"
    others = result["others"]
    return text + (f" Other processes took {others['median']:.1%} of the machine (at most {others['max']:.1%})." if others else "")


def cells_of(result, row, ours):
    work = f"{row['work_per_second'] / 1e6:.2f} MB" if result["work"] == "bytes" else number(row["work_per_second"])
    cells = [row["title"], number(row["ms"]), work, number(row["peak_mib"])]
    cells += [ratio(row["times_slower_than"].get(name)) for name in ours]
    if any("share_of_peak" in each for each in result["rows"]):
        cells.append(f"{row['share_of_peak']:.0%}" if "share_of_peak" in row else "")
    if result["quality"]:
        cells.append(f"{row['quality']:.4g}" if "quality" in row else "")
    return cells


def markdown(result):
    """A title, the conditions, the table, the bars, and who was left out."""
    ours = [row["engine"] for row in result["rows"] if row["engine"].startswith("attune")]
    titles = {row["engine"]: row["title"] for row in result["rows"]}
    unit = result["unit"] if result["per"] == 1 else f"{result['per']:,} {result['unit']}s"
    work = "text a second" if result["work"] == "bytes" else f"{result['work']} a second"
    heads = ["engine", f"ms a {unit}" if result["per"] == 1 else f"ms for {unit}", work, "peak memory, MiB"]
    heads += [f"times as slow as {titles[name]}" for name in ours]
    if any("share_of_peak" in row for row in result["rows"]):
        heads.append("share of measured peak")
    if result["quality"]:
        heads.append(result["quality"])
    lines = [f"### {result['title']}", "", conditions(result), "", "| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    lines += ["| " + " | ".join(cells_of(result, row, ours)) + " |" for row in result["rows"]]
    if result["left_out"]:
        lines += ["", *(f"left out: {name}: {why}" + "  " for name, why in result["left_out"].items())]
    if result["bars"]:
        rows = {row["engine"]: row for row in result["rows"]}
        lines += ["", "| bar | must | aim | measured | |", "|---|---:|---:|---:|---|", *(verdict(bar, rows, bool(doubts(result))) for bar in result["bars"])]
    return "\n".join(lines) + "\n"


def machine_line(result):
    where, versions = result["machine"], result["versions"]
    return (f"{where['cpu']}, {where['cpus']} CPUs ({', '.join(where['isa'])}), {where['memory_gib']} GiB, Linux {where['kernel']}; "
            + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + f"; begun {result['begun']}.")


def place(result):
    """Where a result stands among others: by kind, model, limit of the instruction set, set of texts."""
    orders = {"kind": ("train", "predict", "tokenize", "start"), "model": ("minilm", "bert-base", "multilingual"),
              "isa": ("native", "avx512", "avx2"), "set": ("sst2", "banking77", "conll2003", "waimai10k", "equal32", "equal128")}
    return [order.index(result[key]) if result[key] in order else len(order) for key, order in orders.items()]


def load(paths):
    results = []
    for path in paths:
        try:
            result = json.loads(Path(path).read_text(encoding="utf-8"))
            result["rows"], result["kind"], result["title"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"table.py: {path} is no result of beside.py or suites.py: {error}")
        results.append(result)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="*", type=Path, metavar="RESULT.json")
    parser.add_argument("--out", type=Path, help="markdown file (default: standard output)")
    parser.add_argument("--svg", type=Path, help="also a chart of how many times as fast attune is")
    opts = parser.parse_args()
    paths = opts.results or sorted(places.RESULTS.glob("*.json"))
    if not paths:
        sys.exit(f"table.py: no result file named, and none in {places.RESULTS}; bench/suites.py makes them")
    results = sorted(load(paths), key=place)
    text = "\n".join(markdown(result) + "\n" + machine_line(result) + "\n" for result in results)
    if opts.out:
        opts.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    if opts.svg:
        import chart
        for result in results:
            if doubts(result):
                print(f"not in the chart: {result['title']}: {' '.join(doubts(result))}", file=sys.stderr)
        opts.svg.write_text(chart.svg([result for result in results if not doubts(result)]), encoding="utf-8")


if __name__ == "__main__":
    main()
