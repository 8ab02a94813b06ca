"""First fit of a process, with an empty compilation cache and with the cache of another process."""

import time

from _common import (
    CELLS,
    Cell,
    Options,
    Result,
    Row,
    child_command,
    fresh_folder,
    main,
    ratio_row,
    read_reviews,
    run,
    take_turns,
    values,
)


def fit(cell: Cell, rows: str) -> Result:
    import keras  # noqa: F401  outside the measured time

    from seqsent import make_sentiment_pipeline

    texts, labels = read_reviews("train", int(rows))
    pipeline = make_sentiment_pipeline(
        cell, num_words=2000, maxlen=100, batch_size=64, epochs=2, random_state=0
    )
    start = time.perf_counter()
    pipeline.fit(texts, labels)
    return {"fit_s": time.perf_counter() - start}


def measure(options: Options) -> list[Row]:
    rows = 600
    table = []
    for cell in ("lstm",) if options.quick else CELLS:
        command = child_command(__file__, "fit", cell, rows)

        def first_and_second(repeat: int, command: list[str] = command) -> Result:
            with fresh_folder() as cache:
                first, second = run(command, cache=cache), run(command, cache=cache)
            return {"first_s": first["fit_s"], "second_s": second["fit_s"]}

        runs = take_turns({"both": first_and_second}, options.repeats)["both"]
        table.append(
            ratio_row(
                "c",
                f"first fit of a second process, {rows} texts, {cell}",
                values(runs, "second_s"),
                "first, cold process",
                values(runs, "first_s"),
                0.35,
            )
        )
    return table


if __name__ == "__main__":
    main(measure, {"fit": fit}, __doc__)
