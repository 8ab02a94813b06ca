"""Write the files of this folder: ``python tests/files/write_files.py`` at a new file format.

The files of a released format stay as they are, so that tests show that they can be read.
"""

import json
import pickle
from pathlib import Path
from typing import Any

import joblib
import skops.io

from seqsent import (
    NaiveBayesScaler,
    RecurrentSentimentClassifier,
    SequenceVectorizer,
    make_sentiment_pipeline,
)
from seqsent.datasets import make_reviews

FOLDER = Path(__file__).parent
_SIZES: dict[str, Any] = {"embed_dim": 4, "state_dim": 4, "epochs": 2, "random_state": 0}


def main() -> None:
    texts, labels = make_reviews(60, return_X_y=True, random_state=0)
    vectorizer = SequenceVectorizer(num_words=60, maxlen=20)
    ids = vectorizer.fit_transform(texts)
    networks = {
        "lstm": RecurrentSentimentClassifier(cell="lstm", num_words=60, **_SIZES),
        "gru_with_ngrams": RecurrentSentimentClassifier(
            cell="gru",
            num_words=60,
            bidirectional=True,
            ngram_range=(1, 2),
            ngram_buckets=64,
            pooling=("max", "mean"),
            **_SIZES,
        ),
    }
    expected: dict[str, Any] = {"texts": texts[:5].tolist(), "ids": ids[:5].tolist()}
    for name, network in networks.items():
        network.fit(ids, labels)
        expected[name] = network.predict_proba(ids[:5]).tolist()
        write(network, name)
    networks["lstm"].model_.save(FOLDER / "lstm.keras")
    write(vectorizer, "vectorizer")
    pipeline = make_sentiment_pipeline(num_words=60, maxlen=20, **_SIZES).fit(texts, labels)
    expected["pipeline"] = pipeline.predict_proba(texts[:5]).tolist()
    write(pipeline, "pipeline")
    counts = [[1, 2, 0], [1, 0, 1], [2, 1, 0], [1, 0, 3]]
    scaler = NaiveBayesScaler().fit(counts, [1, 0, 1, 0])
    expected["scaler"] = scaler.transform(counts).tolist()
    write(scaler, "scaler")
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def write(estimator: Any, name: str) -> None:
    joblib.dump(estimator, FOLDER / f"{name}.joblib", compress=3)
    (FOLDER / f"{name}.pickle").write_bytes(pickle.dumps(estimator))
    skops.io.dump(estimator, FOLDER / f"{name}.skops", compression=8)


if __name__ == "__main__":
    main()
