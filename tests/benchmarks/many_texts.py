"""Predict many texts with a Pipeline, compared with Keras's predict and CountVectorizer."""

import time

from _common import (
    Options,
    Result,
    Row,
    child_job,
    main,
    ratio_row,
    read_reviews,
    take_turns,
    values,
)

_NUM_WORDS, _MAXLEN, _STATE_DIM, _BATCH_SIZE = 10_000, 250, 32, 128
_TRAINING_ROWS = 1000  # accuracy does not matter


def pipeline(rows: str) -> Result:
    from seqsent import make_sentiment_pipeline

    fitted = make_sentiment_pipeline(
        "lstm", num_words=_NUM_WORDS, maxlen=_MAXLEN, state_dim=_STATE_DIM, epochs=1, random_state=0
    )
    # vocabulary of all reviews, training on some
    fitted[0].fit(read_reviews("train")[0])
    texts, labels = read_reviews("train", _TRAINING_ROWS)
    fitted[1].set_params(num_words=_NUM_WORDS).fit(fitted[0].transform(texts), labels)
    texts = read_reviews("test", int(rows))[0]
    result = {}
    for name in ("first_s", "again_s"):
        start = time.perf_counter()
        fitted.predict(texts)
        result[name] = time.perf_counter() - start
    return result


def by_hand(rows: str) -> Result:
    import keras
    from sklearn.feature_extraction.text import CountVectorizer

    from seqsent import SequenceVectorizer

    vectorizer = SequenceVectorizer(num_words=_NUM_WORDS, maxlen=_MAXLEN)
    vectorizer.fit(read_reviews("train")[0])
    model = keras.Sequential(
        [
            keras.Input((_MAXLEN,), dtype="int32"),
            keras.layers.Embedding(_NUM_WORDS, 32),
            keras.layers.LSTM(_STATE_DIM),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="rmsprop")
    texts = read_reviews("test", int(rows))[0]
    ids = vectorizer.transform(texts)
    analyze = CountVectorizer().build_analyzer()
    result = {}
    for name in ("first_s", "again_s"):
        start = time.perf_counter()
        for text in texts:
            analyze(text)
        model.predict(ids, batch_size=_BATCH_SIZE, verbose=0)
        result[name] = time.perf_counter() - start
    return result


def measure(options: Options) -> list[Row]:
    rows = 4000 if options.quick else 25_000
    results = take_turns(
        {name: child_job(__file__, name, rows) for name in ("by_hand", "pipeline")},
        options.repeats,
    )
    against = "Keras's predict on JAX and CountVectorizer's analysis"
    return [
        ratio_row(
            "e",
            f"predict {rows:,} texts through the Pipeline, {when}",
            values(results["pipeline"], field),
            against,
            values(results["by_hand"], field),
            0.5,
        )
        for when, field in (
            ("first call, nothing cached", "first_s"),
            ("second call", "again_s"),
        )
    ]


if __name__ == "__main__":
    main(measure, {"pipeline": pipeline, "by_hand": by_hand}, __doc__)
