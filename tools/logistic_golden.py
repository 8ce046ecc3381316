#!/usr/bin/env python3
"""Writes tests/baselines/golden/logistic.json: logistic regression fitted by scikit-learn, for tests/baselines.

  python3 tools/logistic_golden.py      (needs scikit-learn; see tools/requirements.txt)
"""
import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

random = np.random.default_rng(7)
rows, columns, classes = 60, 5, 3
x = random.normal(size=(rows, columns)).astype(np.float32)
y = (x @ random.normal(size=(columns, classes)) + random.gumbel(size=(rows, classes))).argmax(1)
fits = []
for c in (0.5, 10.0):
    fitted = LogisticRegression(C=c, tol=1e-10, max_iter=5000).fit(x, y)
    # scikit-learn leaves the intercepts' common shift free; attune's are compared by their differences.
    fits.append({"c": c, "weights": fitted.coef_.T.tolist(), "bias": (fitted.intercept_ - fitted.intercept_.mean()).tolist()})
many = (x @ random.normal(size=(columns, 2)) + random.logistic(size=(rows, 2)) > 0.3).astype(int)
labels = []
for k in range(2):
    fitted = LogisticRegression(C=2.0, tol=1e-10, max_iter=5000).fit(x, many[:, k])
    labels.append({"weights": fitted.coef_[0].tolist(), "bias": float(fitted.intercept_[0])})

texts = ["The cat sat on the mat", "the dog sat", "A cat, a dog: THE cat!", "", "Österreich ist schön"]
tfidf = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+", sublinear_tf=True)
matrix = tfidf.fit_transform(texts[:3])
out = {
    "x": x.tolist(), "y": y.tolist(), "fits": fits, "many": many.tolist(), "labels": labels, "labels_c": 2.0,
    "texts": texts, "ngrams": len(tfidf.vocabulary_),
    # The values of each row, sorted: columns are in another order here and there.
    "tfidf": [sorted(tfidf.transform([t]).data.tolist()) for t in texts],
}
path = Path(__file__).resolve().parent.parent / "tests/baselines/golden/logistic.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(out) + "\n")
print(path)
