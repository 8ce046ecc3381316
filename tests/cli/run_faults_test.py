"""What goes wrong with a run: its folder, its disk, its numbers, its memory, going on with it. Nothing is lost.   run_faults_test.py PROGRAM tests/models/golden"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from program import ProgramTest, attune, read_tensors, sentences


class SmallDisk:
    """A tmpfs in a mount namespace of its own, reached through /proc: it goes with the process that holds it."""

    def __init__(self, at, kilobytes, options="rw"):
        at.mkdir()
        mount = 'mount -t tmpfs -o "$1" attune "$0" && echo mounted && exec cat'
        command = ["unshare", "-rm", "sh", "-c", mount, str(at), f"size={kilobytes}k,mode=0700,{options}"]
        try:
            self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise unittest.SkipTest(f"no small disk: {error}")
        if not self.holder.stdout.readline():
            raise unittest.SkipTest("no small disk: " + self.holder.communicate()[1].decode().strip())
        self.path = pathlib.Path(f"/proc/{self.holder.pid}/root{at}")
        self.filler = self.path / "filler"
        self.kilobytes = kilobytes

    def leave(self, kilobytes):
        self.filler.write_bytes(bytes((self.kilobytes - kilobytes) * 1024))

    def close(self):
        self.holder.communicate()


class Runs(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, id2label=None, label2id=None)
        cls.data = cls.file("train.csv", sentences(40, 1))
        cls.dev = cls.file("dev.csv", sentences(9, 2))

    @classmethod
    def train(cls, out, *more, model=None, data=None):
        """12 steps."""
        fixed = ["--dev", cls.dev, "--epochs", 2.4, "--batch-size", 8, "--lr", "1e-3", "--max-length", 32, "--threads", 1, "--bootstrap", 0, "--no-ladder"]
        return attune("train", "--model", model or cls.model, "--train", data or cls.data, "--out", cls.folder / out, *fixed, *more)

    def unfinished(self, out):
        """A run with checkpoints after steps 4, 8 and 12 that was stopped just before its last file was written."""
        self.succeeded(self.train(out, "--save-every", 4, "--keep-checkpoints", 3))
        for name in ("attune.json", "model.safetensors", "config.json"):
            (self.folder / out / name).unlink()
        shutil.rmtree(self.folder / out / "checkpoints/step-12")
        return self.folder / out

    @staticmethod
    def content(folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    @staticmethod
    def tensors(path):
        header, data = read_tensors(path)
        return {name: data[slice(*tensor["data_offsets"])] for name, tensor in header.items() if name != "__metadata__"}

    def weights(self, out):
        return (self.folder / out / "model.safetensors").read_bytes()

    @property
    def whole(self):
        """The weights of an unbroken run."""
        if not (self.folder / "whole").exists():
            self.succeeded(self.train("whole"))
        return self.weights("whole")


class Folders(Runs):
    def untouched(self, out, *options, expected):
        before = self.content(self.folder / out)
        self.refused(self.train(out, *options), *expected)
        self.assertEqual(self.content(self.folder / out), before)

    def test_an_existing_folder(self):
        self.assertTrue(self.whole)
        self.untouched("whole", expected=[self.folder / "whole", "--overwrite", "--resume", "another folder"])
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "thesis.tmp-2").write_text("years of work")
        for option in ("--overwrite", "--resume"):
            self.untouched("foreign", option, expected=[foreign, "not made by `attune train`", "another folder"])
        file = self.file("file", "text")
        self.refused(self.train("file", "--overwrite"), file, "is a file")
        self.assertEqual(file.read_text(), "text")
        self.refused(self.train("file/below"), file / "below", "Not a directory")

    def test_overwrite_spares_what_would_fail(self):
        self.assertTrue(self.whole)
        bad = self.file("bad.csv", "text,label\nw1\n")
        for options in (["--train", bad], ["--test", bad], ["--memory-limit", "0.01"], ["--best-metric", "accurac"], ["--loss", "mse"], ["--max-length", "999"], ["--class-weights", "1"]):
            self.untouched("whole", "--overwrite", *options, expected=[])
        inside = shutil.copy(self.data, self.folder / "whole/data.csv")
        self.untouched("whole", "--overwrite", "--train", inside, expected=["would remove", inside, "another folder"])
        self.untouched("whole", "--overwrite", "--model", self.folder / "whole", expected=["would remove", "another folder"])
        self.succeeded(self.train("whole", "--overwrite"))
        self.assertFalse(pathlib.Path(inside).exists())

    def test_an_unwritable_folder(self):
        self.refused(self.train("/proc/attune"), "/proc/attune", "is its parent there, and may it be written to?")
        disk = SmallDisk(self.folder / "read_only", 100, "ro")
        self.addCleanup(disk.close)
        self.refused(self.train(disk.path / "run"), disk.path / "run", "Read-only file system")
        self.refused(self.train(disk.path), disk.path, "Read-only file system")
        model = self.make_model("judged")
        data = self.file("judged.csv", "text,label\nw1,label_0\n")
        self.refused(attune("eval", "--model", model, "--data", data, "--bootstrap", 0, "--out", disk.path / "report"), disk.path / "report", "Read-only file system")


class FullDisks(Runs):
    def test_at_any_point_of_a_run(self):
        """However little room there is: a clear end, whole checkpoints only, and the same bits once there is room."""
        disk = SmallDisk(self.folder / "disk", 4000)
        self.addCleanup(disk.close)
        self.succeeded(self.train("kept", "--save-every", 4, "--keep-checkpoints", 9))
        checkpoints = {path.name: self.tensors(path / "state.safetensors") for path in (self.folder / "kept/checkpoints").iterdir()}
        ended = set()
        for every, room in ((8, 8), (8, 12), (8, 40), (8, 320), (8, 340), (8, 430), (8, 480), (8, 900), (4, 100), (4, 310), (4, 500), (4, 620), (4, 900)):
            with self.subTest(save_every=every, kilobytes=room):
                out = disk.path / "run"
                disk.leave(room)
                result = self.train(out, "--save-every", every)
                if result.returncode == 0:
                    ended.add("well")
                else:
                    message = self.refused(result, out, "No space left on device", "free some space")
                    ended.add(re.search(r"(step-\d+|metrics.jsonl|report|model.safetensors|config)", message[message.index(out.name) :]).group())
                    self.assertFalse((out / "attune.json").exists())
                    left = self.content(out)
                    self.assertEqual([name for name in left if ".tmp-" in name], [])
                    kept = sorted({name.split("/")[1] for name in left if name.startswith("checkpoints/")}, key=lambda name: int(name[5:]))
                    for name in kept:
                        tensors = self.tensors(out / "checkpoints" / name / "state.safetensors")
                        self.assertEqual(tensors, {each: checkpoints[name][each] for each in tensors})
                        self.assertEqual(len(tensors) < len(checkpoints[name]), name == "step-12" and every == 8)  # over: no moments
                    if kept:
                        self.assertIn(f"{kept[-1]} is whole", message)
                        self.assertIn("--resume", message)
                disk.filler.unlink()
                if result.returncode != 0:
                    resumed = self.succeeded(self.train(out, "--resume")).stderr.decode()
                    self.assertIn(f"resuming after step {kept[-1][5:]} of 12" if kept else "no checkpoint yet", resumed)
                self.assertEqual((out / "model.safetensors").read_bytes(), self.whole)
                shutil.rmtree(out)
        for point in ("well", "step-4", "step-8", "model.safetensors"):
            self.assertIn(point, ended)

    def test_reports_of_an_evaluation(self):
        disk = SmallDisk(self.folder / "reports", 100)
        self.addCleanup(disk.close)
        disk.leave(4)
        self.assertTrue(self.whole)
        result = attune("eval", "--model", self.folder / "whole", "--data", self.dev, "--bootstrap", 0, "--out", disk.path / "report")
        self.refused(result, disk.path / "report", "No space left on device", "free some space")
        self.assertFalse((disk.path / "report").exists(), "nothing half-written is left")

    def test_no_room_for_the_rows(self):
        disk = SmallDisk(self.folder / "rows", 256)
        self.addCleanup(disk.close)
        many = self.file("many.csv", sentences(20000, 3))
        result = self.train("unused", "--out", disk.path / "run", data=many)
        self.refused(result, disk.path, "No space left on device", "bytes were written", f"the rows of {many}", "Free some space", "--out")
        result = attune("data", many, env=os.environ | {"TMPDIR": str(disk.path)})
        self.refused(result, disk.path, "No space left on device", "TMPDIR")
        self.assertEqual(list(disk.path.iterdir()), [], "nothing is left")


class Numbers(Runs):
    def test_a_loss_that_is_not_a_number(self):
        result = self.train("diverged", "--lr", "1e30", "--clip", 0, "--warmup", 0, "--no-shuffle")
        out = self.folder / "diverged"
        rows = f"{self.data} lines 10, 11, 12, 13, 14, 15, 16, 17\n"
        self.refused(result, "step 2: the loss is", "weights were left as they were", "lower --lr", rows, f"the state after step 1 is kept in {out}/checkpoints/step-1")
        self.assertEqual(sorted(path.name for path in out.iterdir()), ["checkpoints", "config.resolved.json", "environment.json", "metrics.jsonl"])
        self.assertIn("no model is kept of it: the model's answers are not finite", result.stderr.decode())
        again = self.train("diverged_again", "--lr", "1e30", "--clip", 0, "--warmup", 0, "--no-shuffle", "--save-every", 1)
        self.refused(again, "step 2: the loss is")
        state = [read_tensors(self.folder / run / "checkpoints/step-1/state.safetensors") for run in ("diverged", "diverged_again")]
        self.assertEqual(state[0], state[1])

    def test_rows_of_several_files(self):
        other = self.file("other.csv", "text,label\nw1,class0\n\nw2,class1\n")
        result = self.train("two_files", "--train", other, "--batch-size", 42, "--lr", "1e30", "--clip", 0, "--warmup", 0, "--eval-every", 9)
        self.refused(result, f"{self.data} lines 2, 3, 4,", " and 10 more")
        result = self.train("evaluated", "--batch-size", 40, "--lr", "1e30", "--clip", 0, "--warmup", 0)
        self.refused(result, f"{self.dev} line 2: the model's answer is not a number", "lower --lr")
        result = self.train("two_more", "--lr", "1e30", "--clip", 0, "--warmup", 0, "--no-shuffle", "--train", other, "--batch-size", 4, "--dev", "none", data=other)
        self.refused(result, f"{other} lines 2, 4; {other} lines 2, 4\n")

    def test_the_memory_limit_holds_for_the_process(self):
        data = self.file("long.csv", "text,label\n" + "".join(f"{' '.join(f'w{(i * 7 + j) % 90}' for j in range(40))},class{i % 3}\n" for i in range(1500)))
        options = ["--batch-size", 1500, "--max-steps", 1]
        message = self.refused(self.train("small", *options, "--memory-limit", 1, data=data), "(1 rows, 32 tokens at once)", "allows 1.0 MiB")
        fixed = float(re.search(r"MiB: ([0-9]+) for weights", message).group(1))  # a sanitizer makes it large
        limit = fixed + 10
        message = self.refused(self.train("small", *options, "--micro-batch", 1500, "--memory-limit", limit, data=data), f"--memory-limit allows {limit} MiB", "1500 rows, 48000 tokens at once", "smaller --micro-batch or --max-length")
        self.assertGreater(float(re.search(r"needs about ([0-9]+) MiB", message).group(1)), fixed + 60)
        self.assertFalse((self.folder / "small").exists())
        result = self.succeeded(self.train("small", *options, "--memory-limit", limit, "--json", data=data)).stdout.decode()  # fewer rows at once
        self.assertLess(json.loads(next(line for line in result.splitlines() if '"plan"' in line))["plan"]["memory_mib"], fixed + 30)


class GoingOn(Runs):
    def test_what_changes_a_result_is_refused(self):
        out = self.unfinished("changed")
        before = self.content(out)
        for change, field, was, now in (
            (["--seed", 2], "seed", 1, 2),
            (["--precision", "f32"], "precision", '"auto"', '"f32"'),
            (["--lr", "1e-4"], "lr", 0.001, 0.0001),
            (["--batch-size", 4], "batch-size", 8, 4),
            (["--micro-batch", 3], "micro-batch", 0, 3),
            (["--dropout", 0], "dropout", "null", "0"),
            (["--max-steps", 20], "max-steps", 0, 20),
        ):
            with self.subTest(field):
                message = self.refused(self.train("changed", "--resume", *change), out / "checkpoints/step-8", was, now, "Give the old value, or start a new run in another --out")
                self.assertIn(field.replace("-", "_"), message)
                self.assertEqual(self.content(out), before)
        changed = {self.data: " has changed since", self.dev: " has changed since"} | {
            self.model / name: "'model_sha256'" for name in ("model.safetensors", "vocab.txt", "tokenizer_config.json")}
        for file, said in changed.items():
            with self.subTest(file.name):
                saved = file.read_bytes() if file.exists() else None
                if saved is None:
                    file.write_text('{"do_lower_case": false}')
                else:
                    file.write_bytes(saved[:-1] + b"\x3e" if file.name == "model.safetensors" else saved.replace(b"w7", b"w007", 1))
                result = self.train("changed", "--resume")
                file.unlink() if saved is None else file.write_bytes(saved)
                self.refused(result, f"{file}{said}" if "data" in said or said.startswith(" ") else said)
                self.assertEqual(self.content(out), before)

    def test_what_changes_no_result_may_differ(self):
        self.unfinished("free")
        result = self.train("free", "--resume", "--threads", 2, "--log-every", 3, "--save-every", 5, "--keep-checkpoints", 1, "--eval-batch-size", 2, "--json", "--report-text")
        self.assertIn(b"resuming after step 8 of 12", self.succeeded(result).stdout)
        self.assertEqual(self.weights("free"), self.whole)

    def test_a_finished_run(self):
        self.assertTrue(self.whole)
        before = self.content(self.folder / "whole")
        result = self.succeeded(self.train("whole", "--resume"))
        self.assertIn("is finished; nothing to resume", result.stderr.decode())
        self.assertEqual(self.content(self.folder / "whole"), before)

    def test_without_a_checkpoint_it_starts(self):
        result = self.succeeded(self.train("fresh", "--resume"))
        self.assertIn("no checkpoint yet: starting from the beginning", result.stderr.decode())
        self.assertEqual(self.weights("fresh"), self.whole)

    def test_what_a_killed_process_left_half_written(self):
        early = self.folder / "early"
        early.mkdir()
        (early / "config.resolved.json.tmp-77").write_text("{")
        self.succeeded(self.train("early", "--resume"))
        self.assertEqual(self.weights("early"), self.whole)
        late = self.unfinished("late")
        (late / "checkpoints/step-12.tmp-4711").mkdir()
        (late / "checkpoints/step-12.tmp-4711/state.safetensors").write_bytes(b"half")
        (late / "model.safetensors.tmp-4711").write_bytes(b"half")
        self.assertIn("resuming after step 8", self.succeeded(self.train("late", "--resume")).stderr.decode())
        self.assertEqual(self.weights("late"), self.whole)
        for run in (early, late):
            self.assertEqual([name for name in self.content(run) if ".tmp-" in name], [])

    def test_a_damaged_checkpoint(self):
        for name, damage in (("state.safetensors", lambda content: content[:-50]), ("state.json", lambda _: b"{"), ("state.json", lambda content: content.replace(b'"log_bytes"', b'"log"'))):
            with self.subTest(name):
                out = self.unfinished("damaged")
                newest = out / "checkpoints/step-8"
                (newest / name).write_bytes(damage((newest / name).read_bytes()))
                before = self.content(out)
                self.refused(self.train("damaged", "--resume"), newest / name, f"remove {newest}", "the checkpoint before it")
                self.assertEqual(self.content(out), before)
                shutil.rmtree(newest)
                self.assertIn("resuming after step 4", self.succeeded(self.train("damaged", "--resume")).stderr.decode())
                self.assertEqual(self.weights("damaged"), self.whole)
                shutil.rmtree(out)

    def test_the_record_of_options_runs_again(self):
        self.assertTrue(self.whole)
        self.succeeded(attune("train", "--config", self.folder / "whole/config.resolved.json", "--out", self.folder / "again", "--threads", 2))
        self.assertEqual(self.weights("again"), self.whole)
        self.succeeded(attune("train", "--config", self.folder / "whole/config.resolved.json", "--out", self.folder / "flags_win", "--seed", 2))
        self.assertNotEqual(self.weights("flags_win"), self.whole)

    def test_more_labels_keep_the_old_rows(self):
        self.assertTrue(self.whole)
        more = self.file("more.csv", "text,label\nw4 w5,a new one\nw1,class2\nw7,another\nw2,class0\n")
        result = attune("train", "--model", self.folder / "whole", "--train", more, "--dev", "none", "--out", self.folder / "more", "--max-steps", 2, "--lr", 0, "--no-ladder")
        self.assertIn("own 3 labels keep their rows; 2 new ones are added", self.succeeded(result).stderr.decode())
        labels = json.loads((self.folder / "more/config.json").read_text())["id2label"]
        self.assertEqual([labels[str(i)] for i in range(5)], ["class0", "class1", "class2", "a new one", "another"])
        tensors = []
        for run in ("whole", "more"):
            header, data = read_tensors(self.folder / run / "model.safetensors")
            header.pop("__metadata__", None)
            tensors.append({name: (tensor["shape"], data[slice(*tensor["data_offsets"])]) for name, tensor in header.items()})
        old, new = tensors
        self.assertEqual(old.keys(), new.keys())
        for name, (shape, values) in old.items():
            self.assertEqual(new[name][1][: len(values)], values, name)
            self.assertEqual(new[name][0], [5] + shape[1:] if name.startswith("classifier.") else shape)
        self.assertNotEqual(new["classifier.weight"][1][len(old["classifier.weight"][1]) :].strip(b"\0"), b"")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
