"""Predict one text of 30 words with a Pipeline, compared with scikeras's predict alone on JAX."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from _common import (
    Options,
    Result,
    Row,
    child_job,
    main,
    ratio_row,
    read_reviews,
    spread,
    take_turns,
    values,
)

_ROWS, _NUM_WORDS, _MAXLEN, _STATE_DIM, _WORDS = 600, 2000, 100, 16, 30
_WARM_UP = 50


def pipeline(calls: str) -> Result:
    from seqsent import make_sentiment_pipeline

    texts, labels = read_reviews("train", _ROWS)
    fitted = make_sentiment_pipeline(
        "lstm",
        num_words=_NUM_WORDS,
        maxlen=_MAXLEN,
        state_dim=_STATE_DIM,
        batch_size=64,
        epochs=1,
        random_state=0,
    ).fit(texts, labels)
    # different texts, so that a cache does not help
    words = [text.split() for text in texts]
    short = [" ".join(text[:_WORDS]) for text in words if len(text) >= _WORDS]
    return _time_calls(lambda i: fitted.predict([short[i % len(short)]]), int(calls))


def scikeras(calls: str) -> Result:
    import keras
    from scikeras.wrappers import KerasClassifier

    from seqsent import SequenceVectorizer

    texts, labels = read_reviews("train", _ROWS)
    ids = SequenceVectorizer(num_words=_NUM_WORDS, maxlen=_MAXLEN).fit_transform(texts)

    def build() -> Any:
        return keras.Sequential(
            [
                keras.Input((_MAXLEN,), dtype="int32"),
                keras.layers.Embedding(_NUM_WORDS, 32),
                keras.layers.LSTM(_STATE_DIM),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )

    fitted = KerasClassifier(
        build, loss="binary_crossentropy", optimizer="rmsprop", batch_size=64, epochs=1, verbose=0
    ).fit(ids, labels)
    rows = [ids[i : i + 1] for i in range(len(ids))]
    return _time_calls(lambda i: fitted.predict(rows[i % len(rows)]), int(calls))


def _time_calls(call: Callable[[int], Any], n_calls: int) -> Result:
    for i in range(_WARM_UP):
        call(i)
    times = []
    for i in range(n_calls):
        start = time.perf_counter()
        call(i)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return {"p50_ms": times[n_calls // 2], "p99_ms": times[n_calls * 99 // 100]}


def measure(options: Options) -> list[Row]:
    calls = 200 if options.quick else 1000
    results = take_turns(
        {name: child_job(__file__, name, calls) for name in ("scikeras", "pipeline")},
        options.repeats,
    )
    rows = []
    for quantile in ("p50", "p99"):
        ours, theirs = (
            values(results[name], f"{quantile}_ms") for name in ("pipeline", "scikeras")
        )
        work = f"one text of {_WORDS} words through the Pipeline, {quantile}"
        against = "scikeras on JAX, predict only"
        rows.append(ratio_row("d", work, ours, against, theirs, 0.5, "ms"))
    p50 = values(results["pipeline"], "p50_ms")
    work = f"one text of {_WORDS} words through the Pipeline, p50"
    figure, met = f"{median(p50):.3f} ms", median(p50) < 1
    return [*rows, Row("d", work, spread(p50, "ms"), "", "", figure, "under 1 ms", met)]


if __name__ == "__main__":
    main(measure, {"pipeline": pipeline, "scikeras": scikeras}, __doc__)
