#!/usr/bin/env python3
"""What it saves that models over one encoder share it in `attune serve`: memory, and requests a second where they come for all models in turn.

  serve_shared.py FOLDER FOLDER ... --texts FILE.csv [--precision int8] [--connections 32] [--seconds 5] [--rounds 5]

FOLDERS: runs over one frozen encoder (`attune train --freeze-layers N`, all of them). They are served as they are, then as copies in
each of which one weight of the encoder has another last bit, so that none is shared. Both servers stand side by side and are asked
in turn, one stopped while the other is asked. Texts: the first column of the file.
"""
import argparse
import json
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import one_text  # noqa: E402
import places  # noqa: E402
import process  # noqa: E402
import serve_beside  # noqa: E402


def with_own_encoder(folder, to, number):
    """A copy in which a weight differs in its last bit, in another place for each number."""
    shutil.copytree(folder, to)
    content = bytearray((to / "model.safetensors").read_bytes())
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    name = next(name for name in header if name.endswith("encoder.layer.0.output.dense.weight"))
    content[8 + length + header[name]["data_offsets"][0] + 4 * number] ^= 1
    (to / "model.safetensors").write_bytes(content)
    return to


class Served:
    def __init__(self, opts, folders, port):
        self.port = port
        if opts.precision == "int8":
            for folder in folders:
                process.run([opts.attune, "quantize", folder, "--texts", opts.texts, "--mixed", "never", "--accept-undecided"])
        command = [opts.attune, "serve", *(f"m{i}={folder}" for i, folder in enumerate(folders)), "--port", port, "--precision", opts.precision]
        self.process = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
        while True:
            try:
                self.metrics()
                break
            except OSError:
                if self.process.poll() is not None:
                    raise places.PlaceError(f"the server ended: {' '.join(map(str, command))}") from None
                time.sleep(0.2)
        self.process.send_signal(signal.SIGSTOP)

    def metrics(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics").read().decode()
        return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith("attune_") and "{" not in line}

    def load(self, bodies, connections, seconds):
        self.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        facts = json.loads(process.run([serve_beside.LOAD, self.port, "/v1/predict", bodies, connections, seconds], limit_s=seconds + 60).stdout)
        self.seen = self.metrics()
        self.process.send_signal(signal.SIGSTOP)
        if facts["errors"]:
            raise places.PlaceError(f"{facts['errors']} of {facts['requests']} requests failed")
        return facts["per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--texts", required=True, type=Path)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--attune", type=Path, default=places.ROOT / "build" / "attune")
    opts = parser.parse_args()
    places.require_attune(opts.attune)
    texts = one_text.first_column(opts.texts)
    with tempfile.TemporaryDirectory() as work:
        bodies = Path(work) / "bodies.jsonl"
        one_text.write_bodies(bodies, ({"model": f"m{i % len(opts.folders)}", "inputs": text} for i, text in enumerate(texts)))
        lone = [with_own_encoder(folder, Path(work) / f"m{i}", i) for i, folder in enumerate(opts.folders)]
        servers = {"shared": Served(opts, opts.folders, 19101), "each its own": Served(opts, lone, 19102)}
        try:
            seen = {name: [] for name in servers}
            for _ in range(opts.rounds + 1):
                for name, server in servers.items():
                    seen[name].append(server.load(bodies, opts.connections, opts.seconds))
            print("| encoder | resident, MiB | encoders | requests a second | pieces a pass |\n|---|---:|---:|---:|---:|")
            for name, server in servers.items():
                rates = seen[name][1:]  # the first is not counted
                print(f"| {name} | {serve_beside.resident_mib(server.process):.0f} | {server.seen['attune_encoders']:.0f} | {statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) "
                      f"| {server.seen['attune_max_batch_tokens_total'] / server.seen['attune_passes_total']:.0f} |")
            ratios = sorted(a / b for a, b in zip(seen["shared"][1:], seen["each its own"][1:]))
            print(f"\nrequests a second, shared over each its own, round by round: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        finally:
            for server in servers.values():
                serve_beside.stop(server.process)


if __name__ == "__main__":
    try:
        main()
    except places.PlaceError as error:
        sys.exit(f"serve_shared.py: {error}")
