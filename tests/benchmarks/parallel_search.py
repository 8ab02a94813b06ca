"""Grid search of 19 fits: serial, in two processes and in two threads."""

import time
from contextlib import nullcontext

from _common import (
    Options,
    Result,
    Row,
    child_job,
    fresh_folder,
    main,
    ratio_row,
    read_reviews,
    take_turns,
    values,
)

_WAYS = {"processes": "n_jobs=2, processes", "threads": "n_jobs=2, threads"}


def search(way: str, rows: str) -> Result:
    import joblib
    from sklearn.model_selection import GridSearchCV

    from seqsent import make_sentiment_pipeline

    texts, labels = read_reviews("train", int(rows))
    pipeline = make_sentiment_pipeline(
        num_words=2000, maxlen=100, batch_size=64, epochs=2, random_state=0
    )
    grid = {"classifier__cell": ["simple", "lstm", "gru"], "classifier__state_dim": [16, 32]}
    context = joblib.parallel_config("threading") if way == "threads" else nullcontext()
    start = time.perf_counter()
    with context:
        GridSearchCV(pipeline, grid, cv=3, n_jobs=1 if way == "alone" else 2).fit(texts, labels)
    return {"search_s": time.perf_counter() - start}


def measure(options: Options) -> list[Row]:
    rows = 600 if options.quick else 4000
    with fresh_folder() as cache:
        jobs = {
            way: child_job(__file__, "search", way, rows, cache=cache) for way in ["alone", *_WAYS]
        }
        take_turns(jobs, 1)  # compiles the programs
        results = take_turns(jobs, options.repeats)
    alone = values(results["alone"], "search_s")
    work = f"search of 19 fits on {rows:,} reviews"
    return [
        ratio_row("k", f"{work}, {name}", values(results[way], "search_s"), "n_jobs=1", alone, 1.0)
        for way, name in _WAYS.items()
    ]


if __name__ == "__main__":
    main(measure, {"search": search}, __doc__)
