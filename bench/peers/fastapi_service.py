#!/usr/bin/env python3
"""A service as a careful team would write it: FastAPI on uvloop and httptools, Hugging Face tokenizers, ONNX Runtime in int8
(dynamic quantisation, attention fused), batched as requests come: what waits is sorted by length and run up to --batch at a time.

  fastapi_service.py --model RUN --export DIR --port 9000 [--precision f32]

POST /predict {"inputs": "a text"} -> [{"label", "score"}, ...], largest first.
"""
import argparse
import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
import export_onnx  # noqa: E402


class Batcher:
    """One pass at a time in a thread of its own; meanwhile requests gather."""

    def __init__(self, model, most):
        self.model, self.most = model, most
        self.waiting = []
        self.some = asyncio.Event()
        self.thread = ThreadPoolExecutor(1)

    async def answer(self, text):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((self.model.encode(text), future))
        self.some.set()
        return await future

    async def work(self):
        loop = asyncio.get_running_loop()
        while True:
            await self.some.wait()
            self.waiting.sort(key=lambda each: len(each[0]))
            batch, self.waiting = self.waiting[:self.most], self.waiting[self.most:]
            if not self.waiting:
                self.some.clear()
            answers = await loop.run_in_executor(self.thread, self.model.run, [ids for ids, _ in batch])
            for (_, future), answer in zip(batch, answers):
                if not future.cancelled():
                    future.set_result(answer)


class Model:
    def __init__(self, opts):
        import onnxruntime
        import tokenizers
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = opts.threads
        options.inter_op_num_threads = 1
        name = "model.onnx" if opts.precision == "f32" else export_onnx.DYNAMIC
        self.session = onnxruntime.InferenceSession(str(opts.export / name), options, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizers.Tokenizer.from_file(str(opts.model / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(128)
        config = json.loads((opts.model / "config.json").read_text(encoding="utf-8"))
        self.labels = [config["id2label"][str(i)] for i in range(len(config["id2label"]))]
        self.pad = config.get("pad_token_id", 0)

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def run(self, batch):
        import numpy as np
        import rows
        ids, mask = rows.padded(batch, self.pad)
        logits = self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        order = np.argsort(-probabilities, axis=1)
        return [[{"label": self.labels[k], "score": float(row[k])} for k in line] for row, line in zip(probabilities, order)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--export", type=Path, required=True)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--precision", choices=["f32", "int8"], default="int8")
    opts = parser.parse_args()
    import fastapi
    import uvicorn
    from contextlib import asynccontextmanager
    from fastapi.responses import ORJSONResponse

    @asynccontextmanager
    async def lifespan(app):
        app.batcher = Batcher(Model(opts), opts.batch)
        worker = asyncio.create_task(app.batcher.work())
        yield
        worker.cancel()

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.post("/predict", response_class=ORJSONResponse)
    async def predict(body: dict):
        return ORJSONResponse(await app.batcher.answer(body["inputs"]))

    @app.get("/health")
    async def health():
        return {}

    uvicorn.run(app, port=opts.port, loop="uvloop", http="httptools", log_level="error", access_log=False)


if __name__ == "__main__":
    main()
