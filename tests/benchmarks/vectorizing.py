"""fit_transform of the vectorizer on raw reviews, compared with scikit-learn and Keras."""

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


def sequences(rows: str) -> Result:
    from seqsent import SequenceVectorizer

    texts, _ = read_reviews("train", int(rows))
    start = time.perf_counter()
    SequenceVectorizer().fit_transform(texts)
    return {"seconds": time.perf_counter() - start}


def counts(rows: str) -> Result:
    from sklearn.feature_extraction.text import CountVectorizer

    texts, _ = read_reviews("train", int(rows))
    start = time.perf_counter()
    CountVectorizer().fit_transform(texts)
    return {"seconds": time.perf_counter() - start}


def text_vectorization(rows: str) -> Result:
    import keras
    import tensorflow as tf

    texts, _ = read_reviews("train", int(rows))
    layer = keras.layers.TextVectorization(max_tokens=10_000, output_sequence_length=250)
    start = time.perf_counter()
    data = tf.constant(texts)
    layer.adapt(data, batch_size=1024)
    layer(data)
    return {"seconds": time.perf_counter() - start}


def measure(options: Options) -> list[Row]:
    rows = 5000 if options.quick else 25_000
    jobs = {
        "CountVectorizer": child_job(__file__, "counts", rows),
        "seqsent": child_job(__file__, "sequences", rows),
    }
    limits = {"CountVectorizer": 0.4}
    if options.tensorflow_python:
        name = "keras.layers.TextVectorization"
        python = options.tensorflow_python
        limits[name] = 0.35
        jobs[name] = child_job(
            __file__, "text_vectorization", rows, python=python, backend="tensorflow"
        )
    results = take_turns(jobs, options.repeats)
    ours = values(results["seqsent"], "seconds")
    work = f"SequenceVectorizer.fit_transform of {rows:,} reviews"
    return [
        ratio_row("f", work, ours, name, values(results[name], "seconds"), limit)
        for name, limit in limits.items()
    ]


if __name__ == "__main__":
    main(
        measure,
        {"sequences": sequences, "counts": counts, "text_vectorization": text_vectorization},
        __doc__,
    )
