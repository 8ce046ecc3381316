"""`attune serve` as a process: its start and end, clients of every kind, many connections, broken models.   serve_test.py PROGRAM tests/models/golden"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from program import PROGRAM, ProgramTest, attune


SANITIZED = "ATTUNE_SANITIZED" in os.environ  # sanitizers take memory of their own


class Quota:
    """A control group of the system with so many processors' time; processes enter by `enter`, before they are the program."""

    def __init__(self, processors):
        version1, name = pathlib.Path("/sys/fs/cgroup/cpu"), f"attune_test_{os.getpid()}_{processors}"
        self.folder = (version1 if version1.is_dir() else version1.parent) / name
        try:
            self.folder.mkdir()
        except OSError as error:
            raise unittest.SkipTest(f"no control group can be made here: {error}") from None
        try:
            if version1.is_dir():
                (self.folder / "cpu.cfs_quota_us").write_text(f"{processors * 100000}")
            else:
                (self.folder / "cpu.max").write_text(f"{processors * 100000} 100000")
        except OSError as error:
            self.folder.rmdir()
            raise unittest.SkipTest(f"control groups here have no quota: {error}") from None

    def enter(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))


class Served:
    """A running server: its port, what it says, requests to it."""

    def __init__(self, *arguments, wait=True, threads=("--threads", "1"), **more):
        self.process = subprocess.Popen([PROGRAM, "serve", *map(str, arguments), "--port", "0", *threads], stderr=subprocess.PIPE, **more)
        self.said, self.port = "", None
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if wait and not self.listening.wait(60):
            raise AssertionError("not listening: " + self.said)

    def read(self):
        for line in self.process.stderr:
            self.said += line.decode()
            if b"listening at http://" in line:
                self.port = int(line.split(b"http://")[1].split(b" ")[0].split(b":")[1])
                self.listening.set()

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()

    def post(self, path, **body):
        status, text, _ = self.ask("POST", path, body)
        if status != 200:
            raise AssertionError(f"{status} {text}")
        return json.loads(text)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join(10)
        self.process.stderr.close()
        return code

    def memory_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))


class ServeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("grades")
        cls.tagger = cls.make_model_of("tagger", "tag")
        cls.server = Served(cls.model, f"names={cls.tagger}", f"vectors={cls.make_encoder('encoder')}", "--access-log")

    @classmethod
    def tearDownClass(cls):
        cls.server.process.kill()
        cls.server.process.wait()
        super().tearDownClass()

    def test_answers_are_those_of_predict(self):
        texts = ["w1 w2 w3", "w4", "w5 w6 w7 w8 w9"]
        for model, path in (("grades", "/v1/predict"), ("names", "/v1/tag")):
            folder = self.model if model == "grades" else self.tagger
            printed = self.succeeded(attune("predict", "--model", folder, stdin="\n".join(texts) + "\n")).stdout
            answer = self.server.post(path, inputs=texts, model=model)
            self.assertEqual(answer["results"], [json.loads(line) for line in printed.splitlines()])

    def test_vectors_are_those_of_embed(self):
        texts = ["w1 w2 w3", "w4"]
        printed = self.succeeded(attune("embed", "--model", self.folder / "encoder", stdin="\n".join(texts) + "\n")).stdout
        expected = [json.loads(line)["embedding"] for line in printed.splitlines()]
        for got in (self.server.post("/embed", inputs=texts), [row["embedding"] for row in self.server.post("/v1/embeddings", input=texts, model="any")["data"]]):
            for mine, theirs in zip(got, expected, strict=True):
                for a, b in zip(mine, theirs, strict=True):
                    self.assertAlmostEqual(a, b, delta=1e-7)

    def test_entities_have_places_in_characters(self):
        answer = self.server.post("/v1/tag", inputs="wörld w1, w2")
        for place in answer["results"][0].get("entities", answer["results"][0].get("words", [])):
            self.assertEqual("wörld w1, w2"[place["start"] : place["end"]], place["text"])

    def test_the_log_has_no_texts(self):
        self.server.post("/v1/predict", inputs="w77 w78 secret", model="grades")
        for _ in range(100):
            if "/v1/predict 200 1 texts" in self.server.said:
                break
            time.sleep(0.02)
        self.assertIn("POST /v1/predict 200 1 texts", self.server.said)
        self.assertNotIn("secret", self.server.said)
        self.assertNotIn("w77", self.server.said)

    def test_many_at_once_get_their_own_answers(self):
        alone = {i: self.server.post("/predict", inputs=f"w{i} w{i + 1}") for i in range(30)}
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for i, got in pool.map(lambda i: (i, self.server.post("/predict", inputs=f"w{i} w{i + 1}")), [i % 30 for i in range(300)]):
                self.assertEqual(got, alone[i])

    def test_an_idle_server_does_nothing(self):
        self.server.post("/predict", inputs="w1")
        time.sleep(0.3)
        before = self.server.processor_seconds()
        time.sleep(3)
        self.assertLess((self.server.processor_seconds() - before) / 3, 0.01)


class LifeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("grades")

    def test_wrong_starts_are_refused(self):
        self.refused(attune("serve"), "name at least one model folder")
        self.refused(attune("serve", self.folder / "nowhere"), "nowhere")
        self.refused(attune("serve", self.model, self.model), "two models are called 'grades'", "NAME=FOLDER")
        self.refused(attune("serve", f"a/b={self.model}"), "NAME=FOLDER")
        self.refused(attune("serve", self.model, "--port", "70000"), "--port", "65535")
        self.refused(attune("serve", self.model, "--host", "everywhere"), "no IP address")
        self.refused(attune("serve", self.model, "--queue-token", "8"), "queue-tokens")
        tokens = self.file("tokens", "short\n")
        self.refused(attune("serve", self.model, "--token-file", tokens), "5 characters")
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        self.refused(attune("serve", self.model, "--port", taken.getsockname()[1]), "is another server running there?")
        taken.close()

    def test_threads_are_those_of_a_quota_of_the_system(self):
        processors = len(os.sched_getaffinity(0))
        for processor_time in (1, 2):
            quota = Quota(processor_time)
            try:
                server = Served(self.model, threads=(), preexec_fn=quota.enter)
                server.end()
            finally:
                quota.folder.rmdir()
            if processor_time < processors:
                self.assertIn(f"cgroup quota of {processor_time} processor", server.said)
            threads = int(server.said.rpartition("(")[2].split()[0])
            self.assertLessEqual(threads, min(processor_time, processors))
            self.assertGreaterEqual(threads, min(processor_time, (processors + 1) // 2), "two of a core's threads count as one")

    def test_a_signal_lets_requests_finish(self):
        server = Served(self.model, "--max-batch-tokens", "8")
        inputs = [["w1 w2 w3 w4 w5 w6"]] * 1000
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(server.post, "/predict", inputs=inputs)
            while 'te_queue_size 1' not in server.ask("GET", "/metrics")[1] and not answer.done():
                pass
            self.assertEqual(server.end(), 0, server.said)
            self.assertEqual(len(answer.result()), 1000)
        self.assertIn("requests at hand finish first", server.said)

    def test_killed_and_started_again_under_load(self):
        server = Served(self.model)
        port, stopped, ended = server.port, threading.Event(), []

        def client():
            good = bad = 0
            while not stopped.is_set():
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                try:
                    connection.request("POST", "/predict", '{"inputs": "w1 w2"}', {"Content-Type": "application/json"})
                    good += connection.getresponse().status == 200
                except OSError:
                    bad += 1
                    time.sleep(0.01)
                except http.client.HTTPException:
                    bad += 1
                finally:
                    connection.close()
            ended.append((good, bad))

        clients = [threading.Thread(target=client) for _ in range(4)]
        for each in clients:
            each.start()
        time.sleep(0.3)
        self.assertEqual(server.end(signal.SIGKILL), -signal.SIGKILL)
        # At once on the same port, though connections to the dead one still linger.
        again = subprocess.Popen([PROGRAM, "serve", str(self.model), "--port", str(port), "--threads", "1"], stderr=subprocess.PIPE)
        for line in again.stderr:
            if b"listening" in line:
                break
        time.sleep(0.3)
        stopped.set()
        for each in clients:
            each.join()
        again.terminate()
        self.assertEqual(again.wait(30), 0)
        again.stderr.close()
        self.assertTrue(all(good > 0 for good, _ in ended), ended)

    def test_five_thousand_idle_connections_cost_memory_alone(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 5000
        if hard < wanted + 500:
            self.skipTest(f"this process may open {hard} files, {wanted + 500} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        server = Served(self.model)
        server.post("/predict", inputs="w1")
        threads, memory = server.threads(), server.memory_mib()
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(wanted)]
        try:
            for _ in range(200):
                if f"attune_connections {wanted + 1}" in server.ask("GET", "/metrics")[1]:
                    break
                time.sleep(0.05)
            self.assertIn(f"attune_connections {wanted + 1}", server.ask("GET", "/metrics")[1])
            self.assertEqual(server.threads(), threads)
            self.assertLess(server.memory_mib() - memory, 1000 if SANITIZED else 50)
            start = time.monotonic()
            server.post("/predict", inputs="w1")
            self.assertLess(time.monotonic() - start, 1)
            before = server.processor_seconds()
            time.sleep(2)
            self.assertLess((server.processor_seconds() - before) / 2, 0.01)
        finally:
            for each in idle:
                each.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(server.end(), 0)

    def test_a_giant_request_is_refused_before_it_is_held(self):
        server = Served(self.model)
        memory = server.memory_mib()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n{")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 413"))
        status, text, _ = server.ask("POST", "/predict", {"inputs": [["w1"]] * 1025})
        self.assertEqual(status, 413, text)
        self.assertIn("1025 texts are more than the 1024", text)
        self.assertLess(server.memory_mib() - memory, 1000 if SANITIZED else 20)
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    unittest.main(argv=["serve_test"])
