"""What one_request.py and serve_beside.py begin with: their common options, a fine-tuned model with its rows, and texts of one length."""
import csv
import json
from pathlib import Path

import compare
import corpus
import engine as engines
import places
import predict_engines
import process


def add_options(parser):
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--set", default="sst2", choices=corpus.SETS)
    parser.add_argument("--length", type=int, default=25, help="pieces of a text that is given alone (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--made-up", action="store_true", help="made-up texts even where the real files are")
    parser.add_argument("--work", type=Path, default=places.WORK, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    places.add_options(parser)


def job_of(opts):
    """The job, its model fine-tuned, a batch of one."""
    places.require_attune(opts.attune)
    settings = compare.Settings(opts.attune, opts.python, opts.data, opts.work, threads=opts.threads, made_up=opts.made_up)
    stem = corpus.ensure(opts.set, settings)
    base = compare.base_model(compare.Comparison("predict", opts.model, opts.set), settings)
    job = engines.Job(opts.attune, opts.python, base, stem, opts.work, batch_size=1, threads=opts.threads)
    job.model = predict_engines.fine_tuned(job)
    return job


def all_texts(job):
    return Path(f"{job.stem}.txt").read_text(encoding="utf-8").split("\n")[:-1]


def first_column(path):
    """Texts of a csv file with a header."""
    with open(path, encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file)][1:]


def write_bodies(path, bodies):
    """A request's body a line, as http_load takes them."""
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")


def texts_of_length(job, length):
    ids = [row["input_ids"] for row in json.loads(Path(f"{job.stem}.ids.json").read_text(encoding="utf-8"))["rows"]]
    chosen = [text for text, row in zip(all_texts(job), ids) if len(row) == length]
    if not chosen:
        raise places.PlaceError(f"{job.stem} has no text of {length} pieces")
    return chosen


def prepare(engine_name, command, env=None):
    """Runs an engine's preparation; errors (PlaceError) name it."""
    done = process.run(command, env)
    if done.code:
        raise places.PlaceError(f"preparing {engine_name} failed: {done.reason()}")
