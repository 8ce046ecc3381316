#!/usr/bin/env python3
"""attune serve beside other servers on this machine: one request at a time, and as many a second as are answered in time.

  serve_beside.py [--model minilm] [--set sst2] [--servers attune-int8,fastapi-int8] [--rounds 5] [--json FILE]

Servers are asked in turn, each with --threads threads, while the others are stopped (SIGSTOP: some are busy when idle), by
build/bench/gauge/http_load on the same cores (it takes its share from whoever is asked). alone: texts of --length pieces over one
connection that asks again when it is answered, --seconds each round. capacity: texts of all lengths; requests arrive at random times, at a rate that is raised and lowered until the highest is found at which 99 of 100
are answered within --limit ms of their arrival and none fails. Texts are the set's, a text a request.
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402
import engine as engines  # noqa: E402
import memory_by_rows  # noqa: E402
import one_text  # noqa: E402
import places  # noqa: E402
import predict_engines  # noqa: E402
import process  # noqa: E402

LOAD = places.ROOT / "build" / "bench" / "gauge" / "http_load"
INFINITY = places.PEERS.parent / "infinity"  # an environment of its own: it needs other versions than the peers
CONNECTIONS = 256


@dataclass(frozen=True)
class Server:
    title: str
    command: Callable  # (job, port) -> list
    path: str
    body: Callable  # (job, text) -> dict
    prepare: Callable | None = None  # job -> command


def attune(precision):
    return Server(f"attune serve, {precision}", lambda job, port: [job.attune, "serve", f"bench={job.model}", "--port", port, "--precision", precision,
                                                                   "--threads", job.threads],
                  "/predict", lambda job, text: {"inputs": text})


def fastapi(precision):
    script = engines.PEERS / "fastapi_service.py"
    return Server(f"FastAPI and ONNX Runtime, {precision}, batches sorted by length",
                  lambda job, port: [job.python, script, "--model", job.model, "--export", predict_engines.export(job, "onnx"), "--port", port,
                                     "--threads", job.threads, "--precision", precision],
                  "/predict", lambda job, text: {"inputs": text},
                  predict_engines.peer_prepare("onnxruntime_predict.py", "onnx", "--precision", precision))


def infinity(engine):
    def command(job, port):
        return [INFINITY / "bin" / "infinity_emb", "v2", "--model-id", infinity_folder(job) if engine == "optimum" else job.model, "--served-model-name",
                "bench", "--engine", engine, "--device", "cpu", "--port", port, "--no-bettertransformer", "--no-model-warmup"]
    return Server(f"infinity-emb, {'ONNX Runtime, int8' if engine == 'optimum' else 'PyTorch, f32'}", command, "/classify", lambda job, text: {"model": "bench", "input": [text]},
                  predict_engines.peer_prepare("onnxruntime_predict.py", "onnx", "--precision", "int8"))


def infinity_folder(job):
    """The model's folder with the ONNX export in it, where infinity looks for it."""
    folder = job.work / "exports" / job.model.name / "infinity"
    if not (folder / "onnx" / "model.onnx").exists():
        (folder / "onnx").mkdir(parents=True, exist_ok=True)
        for file in job.model.iterdir():
            if file.is_file() and not (folder / file.name).exists():
                shutil.copy(file, folder / file.name)
        for name in ("model.onnx", "model_quantized.onnx"):  # of two names it opens the first, of one none (0.0.78, optimum 1.27)
            shutil.copy(predict_engines.export(job, "onnx") / "dynamic.onnx", folder / "onnx" / name)
    return folder


SERVERS = {"attune-f32": attune("f32"), "attune-bf16": attune("bf16"), "attune-int8": attune("int8"), "fastapi-f32": fastapi("f32"),
           "fastapi-int8": fastapi("int8"), "infinity-onnx": infinity("optimum"), "infinity-torch": infinity("torch")}


def resident_mib(server):
    return memory_by_rows.status_of(server.pid)["VmRSS"] / 1024


def stop(server):
    """Ends a server, asleep or not; its exit code."""
    server.send_signal(signal.SIGCONT)
    server.terminate()
    return server.wait(60)


class Running:
    """A server's process, ready to be asked."""

    def __init__(self, name, job, port, log, texts):
        self.name, self.server, self.port = name, SERVERS[name], port
        self.bodies = {}
        for kind, chosen in texts.items():
            self.bodies[kind] = job.work / f"bodies-{name}-{kind}.jsonl"
            one_text.write_bodies(self.bodies[kind], (self.server.body(job, text) for text in chosen))
        self.log = open(log, "w", encoding="utf-8")
        environment = {**os.environ, "OMP_NUM_THREADS": str(job.threads), "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
        command = [str(part) for part in self.server.command(job, port)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        self.wait(json.dumps(self.server.body(job, texts["all"][0])).encode())
        self.process.send_signal(signal.SIGSTOP)

    def wait(self, body, limit_s=120):
        end = time.time() + limit_s
        while True:
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{self.port}{self.server.path}", body, {"Content-Type": "application/json"})
                self.answer = json.loads(urllib.request.urlopen(request, timeout=30).read())
                return
            except OSError as error:
                if self.process.poll() is not None or time.time() > end:
                    raise places.PlaceError(f"{self.name} does not answer ({error}); see {self.log.name}") from None
                time.sleep(0.3)

    def load(self, kind, connections, seconds, rate=None):
        command = [LOAD, self.port, self.server.path, self.bodies[kind], connections, seconds, *([rate] if rate else [])]
        self.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        done = process.run(command, limit_s=seconds + 120)
        self.process.send_signal(signal.SIGSTOP)
        if done.code:
            raise places.PlaceError(f"http_load against {self.name} failed: {done.reason()}")
        return json.loads(done.stdout) | ({"asked_for": rate} if rate else {})

    def resident_mib(self):
        return resident_mib(self.process)

    def stop(self):
        stop(self.process)


def capacity(running, seconds, limit):
    """(highest rate held, its figures, all tries)."""
    tries = []

    def held(rate):
        facts = running.load("all", CONNECTIONS, seconds, round(rate, 1))
        tries.append(facts)
        return facts["errors"] == 0 and facts["left"] == 0 and facts["p99"] <= limit
    rate = 0.6 * running.load("all", 32, min(3, seconds))["per_second"]
    low, high = None, None
    while low is None or high is None:
        if held(rate):
            low, rate = rate, rate * 1.25
        else:
            high, rate = rate, rate / 1.25
        if rate < 1:
            return 0, tries
    while high / low > 1.06:
        middle = (low * high) ** 0.5
        if held(middle):
            low = middle
        else:
            high = middle
    return low, tries


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one_text.add_options(parser)
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(SERVERS), metavar="A,B", help=f"of {', '.join(SERVERS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a try (default %(default)s)")
    parser.add_argument("--limit", type=float, default=50.0, help="ms that 99 of 100 may take (default %(default)s)")
    opts = parser.parse_args()
    unknown = [name for name in opts.servers if name not in SERVERS]
    if unknown:
        parser.error(f"unknown server {unknown[0]!r}; there are {', '.join(SERVERS)}")
    return opts


def start(opts, job):
    running, left_out = [], {}
    texts = {"all": one_text.all_texts(job)[:4096], "equal": one_text.texts_of_length(job, opts.length)}
    for number, name in enumerate(opts.servers):
        server = SERVERS[name]
        try:
            if server.prepare:
                one_text.prepare(name, server.prepare(job))
            running.append(Running(name, job, 19000 + number, job.work / f"{name}.log", texts))
        except (places.PlaceError, OSError) as error:
            left_out[name] = str(error)
            print(f"left out: {name}: {error}", file=sys.stderr, flush=True)
    return running, left_out


def allow_int8(job, dev):
    """`attune serve --precision int8` asks for int8.json."""
    if not (job.model / "int8.json").is_file():
        process.run([job.attune, "quantize", job.model, "--data", dev, "--accept-undecided"])


def measure(running, opts):
    results = {each.name: {"alone": [], "answer": each.answer} for each in running}
    for each in running:
        each.load("equal", 1, 1)  # not counted
    for number in range(opts.rounds):
        for each in running:
            results[each.name]["alone"].append(each.load("equal", 1, opts.seconds))
        print(f"round {number + 1}: " + ", ".join(f"{each.name} {results[each.name]['alone'][-1]['p50']:.2f} ms" for each in running), file=sys.stderr, flush=True)
    for each in running:
        rate, tries = capacity(each, opts.seconds, opts.limit)
        results[each.name] |= {"capacity": rate, "tries": tries, "resident_mib": each.resident_mib()}
        print(f"{each.name}: {rate:.0f} a second", file=sys.stderr, flush=True)
    return results


def table(results, limit):
    lines = [f"| server | alone: p50, ms | p99, ms | p99 / p50 | requests a second at p99 <= {limit:.0f} ms | resident, MiB |", "|---|---:|---:|---:|---:|---:|"]
    for name, found in results.items():
        p50, p99 = (statistics.median(facts[key] for facts in found["alone"]) for key in ("p50", "p99"))
        lines.append(f"| {SERVERS[name].title} | {p50:.2f} | {p99:.2f} | {p99 / p50:.2f} | {found['capacity']:,.0f} | {found['resident_mib']:.0f} |")
    return "\n".join(lines)


def main():
    opts = options()
    try:
        job = one_text.job_of(opts)
        allow_int8(job, Path(f"{job.stem}.csv"))
        running, left_out = start(opts, job)
        try:
            results = measure(running, opts)
        finally:
            for each in running:
                each.stop()
    except compare.ERRORS as error:
        sys.exit(f"serve_beside.py: {error}")
    if opts.json:
        opts.json.write_text(json.dumps({"machine": compare.machine(), "limit_ms": opts.limit, "results": results, "left_out": left_out}, indent=1) + "\n")
    print(table(results, opts.limit))
    for name, why in left_out.items():
        print(f"left out: {name}: {why}")


if __name__ == "__main__":
    main()
