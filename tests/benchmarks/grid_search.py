"""Grid search over cell and state size on raw text, compared with scikeras on JAX."""

import json
import time

from _common import (
    LIKE_KERAS,
    Options,
    Result,
    Row,
    child_command,
    fresh_folder,
    main,
    peer_command,
    ratio_row,
    run,
    shared_data,
    take_turns,
    values,
)

_Grid = tuple[int, list[str], list[int]]

_ROWS, _EPOCHS = 600, 2
# folds, cells and state sizes; _FULL has the values of the peer
_FULL: _Grid = (3, ["simple", "lstm", "gru"], [16, 32])
_QUICK: _Grid = (2, ["simple"], [16])


def search(folds: str, cells: str, state_dims: str) -> Result:
    """Do the search of scikeras_grid.py and measure the same section."""
    import keras  # noqa: F401  outside the measured time, as in the peer
    import pandas as pd
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    from seqsent import make_sentiment_pipeline

    frame = pd.read_csv(shared_data() / "imdb" / "train.csv.gz").sample(_ROWS, random_state=0)
    pipeline = make_sentiment_pipeline(
        num_words=2000,
        maxlen=100,
        embed_dim=32,
        **LIKE_KERAS,
        batch_size=64,
        epochs=_EPOCHS,
        random_state=0,
    )
    grid = {
        "classifier__cell": json.loads(cells),
        "classifier__state_dim": json.loads(state_dims),
    }
    texts, labels = frame.text.tolist(), frame.label.to_numpy()
    start = time.perf_counter()
    GridSearchCV(pipeline, grid, cv=StratifiedKFold(int(folds)), error_score="raise").fit(
        texts, labels
    )
    return {"search_s": time.perf_counter() - start}


def measure(options: Options) -> list[Row]:
    folds, cells, state_dims = _QUICK if options.quick else _FULL
    grid = [json.dumps(cells), json.dumps(state_dims)]
    replacements = {
        json.dumps(_FULL[1]): grid[0],
        json.dumps(_FULL[2]): grid[1],
        f"StratifiedKFold({_FULL[0]})": f"StratifiedKFold({folds})",
    }
    peer = peer_command("scikeras_grid.py", replacements, _ROWS, _EPOCHS)
    ours = child_command(__file__, "search", folds, *grid)

    def cold_and_warm(repeat: int) -> Result:
        with fresh_folder() as cache:
            cold, warm = run(ours, cache=cache), run(ours, cache=cache)
        return {"cold_s": cold["search_s"], "warm_s": warm["search_s"]}

    results = take_turns(
        {"scikeras": lambda repeat: run(peer), "seqsent": cold_and_warm}, options.repeats
    )
    scikeras = values(results["scikeras"], "search_s")
    fits = folds * len(cells) * len(state_dims) + 1
    work, against = f"grid search, {fits} fits from raw text", "scikeras on JAX"
    return [
        ratio_row(
            "a",
            f"{work}, nothing cached",
            values(results["seqsent"], "cold_s"),
            against,
            scikeras,
            0.45,
        ),
        ratio_row(
            "a",
            f"{work}, compilation cache warm",
            values(results["seqsent"], "warm_s"),
            against,
            scikeras,
            0.15,
        ),
    ]


if __name__ == "__main__":
    main(measure, {"search": search}, __doc__)
