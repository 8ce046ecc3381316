"""`attune serve` as other people's clients see it: the openai package, schemathesis against /openapi.json.   serve_clients_test.py PROGRAM tests/models/golden

Needs a Python with the packages of tools/requirements-serve.txt, named by ATTUNE_CLIENTS_PYTHON; skipped without."""

import json
import os
import pathlib
import subprocess
import unittest

from program import ProgramTest
from serve_test import Served

PYTHON = os.environ.get("ATTUNE_CLIENTS_PYTHON")

OPENAI = """
import array, sys, openai
client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none")
plain = client.embeddings.create(model="vectors", input=["w1 w2", "w3"], encoding_format="float")
packed = client.embeddings.create(model="vectors", input=["w1 w2", "w3"])  # asks for base64 and unpacks it
assert len(plain.data) == 2 and plain.data[1].index == 1 and plain.usage.prompt_tokens == 7, plain.usage
f32 = lambda numbers: array.array("f", numbers).tolist()  # decimals are the shortest of an f32, base64 is its bits
assert [f32(row.embedding) for row in plain.data] == [f32(row.embedding) for row in packed.data]
assert abs(sum(x * x for x in plain.data[0].embedding) - 1) < 1e-5
assert f32(client.embeddings.create(model="vectors", input="w3").data[0].embedding) == f32(plain.data[1].embedding)
assert [model.id for model in client.models.list()] == ["grades", "vectors"]
for wrong, kind in (({"model": "grades", "input": "w1"}, openai.APIStatusError), ({"model": "vectors", "input": ""}, openai.BadRequestError),
                    ({"model": "vectors", "input": [[1, 2]]}, openai.UnprocessableEntityError), ({"model": "vectors", "input": "w1", "dimensions": 5}, openai.UnprocessableEntityError)):
    try:
        client.embeddings.create(**wrong)
        raise SystemExit(f"{wrong} was taken")
    except kind as error:
        assert error.body["message"], error
"""


@unittest.skipUnless(PYTHON, "ATTUNE_CLIENTS_PYTHON names no Python with tools/requirements-serve.txt installed")
class ClientsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        grades = cls.make_model("grades")
        vectors = cls.make_encoder("vectors")
        cls.server = Served(grades, vectors)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        super().tearDownClass()

    def run_python(self, *arguments):
        result = subprocess.run([PYTHON, *map(str, arguments)], capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_openai(self):
        self.run_python("-c", OPENAI, self.server.port)

    def test_schemathesis(self):
        base = f"http://127.0.0.1:{self.server.port}"
        program = pathlib.Path(PYTHON).parent / "schemathesis"
        result = subprocess.run([program, "run", f"{base}/openapi.json", "--max-examples", "40", "--exclude-method", "PUT", "--exclude-method", "DELETE",
                                 "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"],
                                capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, 0, result.stdout[-6000:] + result.stderr[-2000:])

    def test_documented_requests_of_text_embeddings_inference(self):
        """Each as that project's documentation has it (its README, docs and openapi.json), with the answer's shape."""
        vectors = self.server.post("/embed", inputs="What is Deep Learning?")
        self.assertEqual((len(vectors), isinstance(vectors[0][0], float)), (1, True))
        self.assertEqual(len(self.server.post("/embed", inputs=["Today is a nice day", "I like you"])), 2)
        self.assertEqual(set(self.server.post("/predict", inputs="I like you.")[0]), {"score", "label"})
        self.assertEqual(len(self.server.post("/predict", inputs=[["I like you."], ["I hate pineapples"]])), 2)
        status, text, headers = self.server.ask("GET", "/health")
        self.assertEqual((status, text), (200, ""))
        info = json.loads(self.server.ask("GET", "/info")[1])
        self.assertIn("classifier", info["model_type"])
        self.assertEqual(json.loads(self.server.ask("POST", "/rerank", {"query": "What is Deep Learning?", "texts": ["Deep Learning is not...", "Deep learning is..."]})[1])["error_type"], "Backend")


if __name__ == "__main__":
    unittest.main(argv=["serve_clients_test"])
