"""Validation of word ids."""

import cProfile

import numpy as np
import pandas as pd
import pytest

from seqsent._inputs.ids import read_ids

WIDTH = 1000
LABELS = [0, 1] * 3


def wide_ids():
    return np.random.default_rng(0).integers(3, 60, size=(6, WIDTH), dtype=np.int32)


def count_calls(function, *arguments):
    profile = cProfile.Profile()
    profile.runcall(function, *arguments)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_predict_does_not_loop_over_the_columns_of_a_frame(library, dtype, small_classifier):
    frame_type = pytest.importorskip(library).DataFrame
    names = [f"word{i}" for i in range(WIDTH)]
    if library == "pandas":
        frame = frame_type(wide_ids().astype(dtype), columns=names)
    else:
        frame = frame_type(wide_ids().astype(dtype), schema=names)
    model = small_classifier(train_maxlen=5).fit(frame, LABELS)
    read_ids(model, frame)
    assert count_calls(read_ids, model, frame) < WIDTH
    ids = read_ids(model, frame)
    assert ids.dtype == np.int32
    np.testing.assert_array_equal(ids, wide_ids())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame[frame.columns[::-1]], "must be in the same order"),
        (lambda frame: frame.add_prefix("x"), "feature names should match"),
        (lambda frame: frame.iloc[:, 1:], "feature names should match"),
        (lambda frame: frame.assign(b=0.5), r"these columns do not: 'b' \(float64\)"),
        (lambda frame: -frame, "Negative values"),
        (lambda frame: frame.iloc[:0], "0 sample"),
        (lambda frame: frame.assign(b=pd.array([None] * 6, dtype="Int64")), "NaN"),
    ],
)
def test_predict_rejects_a_frame_of_other_columns_or_values(change, message, small_classifier):
    frame = pd.DataFrame(wide_ids()[:, :3], columns=list("abc"))
    model = small_classifier().fit(frame, LABELS)
    with pytest.raises(ValueError, match=message):
        model.predict(change(frame))
