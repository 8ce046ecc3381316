#!/usr/bin/env python3
"""An hour of `attune serve` at 80% of what it holds: errors, latency and memory, slice by slice.

  serve_hour.py FOLDER --texts FILE.csv [--precision int8] [--slices 20] [--slice-seconds 180] [--share 0.8]

First the highest rate of requests at random times is looked for at which 99 of 100 are answered within 50 ms and none fails; then the
server gets --share of it. Texts: the first column of the file, one a request, over 256 connections. The load takes its share of
the same cores.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import memory_by_rows  # noqa: E402
import one_text  # noqa: E402
import places  # noqa: E402
import serve_beside  # noqa: E402

PORT = 19200


class Running:
    """As serve_beside.capacity asks for it."""

    def __init__(self, opts, bodies):
        self.bodies = bodies
        self.process = subprocess.Popen([str(opts.attune), "serve", f"model={opts.folder}", "--precision", opts.precision, "--port", str(PORT)])
        time.sleep(5)
        if self.process.poll() is not None:
            raise places.PlaceError("the server ended")

    def load(self, _, connections, seconds, rate=None):
        command = [serve_beside.LOAD, PORT, "/predict", self.bodies, connections, seconds, *([round(rate, 1)] if rate else [])]
        return json.loads(subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout)

    def threads(self):
        return memory_by_rows.status_of(self.process.pid)["Threads"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", required=True, type=Path)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--slice-seconds", type=float, default=180)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--attune", type=Path, default=places.ROOT / "build" / "attune")
    opts = parser.parse_args()
    places.require_attune(opts.attune)
    with tempfile.TemporaryDirectory() as work:
        bodies = Path(work) / "bodies.jsonl"
        one_text.write_bodies(bodies, ({"inputs": text} for text in one_text.first_column(opts.texts)))
        running = Running(opts, bodies)
        try:
            held, _ = serve_beside.capacity(running, 5, 50)
            print(f"holds {held:,.0f} a second; gets {opts.share * held:,.0f}\n\n| until | requests | errors | p50, ms | p99 | largest | resident, MiB | threads |\n|---|---:|---:|---:|---:|---:|---:|---:|",
                  flush=True)
            for _ in range(opts.slices):
                facts = running.load("all", serve_beside.CONNECTIONS, opts.slice_seconds, opts.share * held)
                resident, threads = serve_beside.resident_mib(running.process), running.threads()
                print(f"| {time.strftime('%H:%M')} | {facts['requests']:,} | {facts['errors']} | {facts['p50']:.1f} | {facts['p99']:.1f} | {facts['largest']:.0f} | {resident:.1f} | {threads} |", flush=True)
        finally:
            print(f"SIGTERM: it ended with {serve_beside.stop(running.process)}")


if __name__ == "__main__":
    try:
        main()
    except places.PlaceError as error:
        sys.exit(f"serve_hour.py: {error}")
