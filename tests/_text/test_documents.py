import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from seqsent._text.documents import as_documents

TEXTS = ["A good film", "", "not good"]


def test_every_container_gives_the_same_list(text_container):
    assert as_documents(text_container(TEXTS)) == TEXTS
    assert all(type(text) is str for text in as_documents(text_container(TEXTS)))


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"text": TEXTS}),
        pd.DataFrame({"text": TEXTS}).to_numpy(),
        np.array(TEXTS)[:, np.newaxis],
        (text for text in TEXTS),
        dict.fromkeys(TEXTS).keys().__iter__(),
        pd.Index(TEXTS),
        pd.Series(TEXTS).astype("category"),
    ],
    ids=["frame", "object column", "str column", "generator", "iterator", "index", "category"],
)
def test_other_containers(X):
    assert as_documents(X) == TEXTS


def test_polars_frame_with_one_column():
    polars = pytest.importorskip("polars")
    assert as_documents(polars.DataFrame({"text": TEXTS})) == TEXTS


def test_pyarrow():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"label": [1, 0, 1], "text": TEXTS})
    for X in (table["text"], pa.array(TEXTS), table.select(["text"]), table["text"].chunk(0)):
        assert as_documents(X) == TEXTS
    for X in (table, table.to_batches()[0]):
        with pytest.raises(ValueError, match=r"columns 'label', 'text'. .*alone: X\['text'\]"):
            as_documents(X)
    with pytest.raises(ValueError, match="1 of 2 documents are missing"):
        as_documents(pa.array(["a", None]))
    with pytest.raises(TypeError, match="got int in rows 0, 1, 2"):
        as_documents(table["label"])


class Dataset:
    """Answers as ``datasets.Dataset`` of Hugging Face does."""

    def __init__(self, **columns):
        self.columns_ = columns
        self.column_names = list(columns)
        self.shape = (3, len(columns))

    def __getitem__(self, name):
        return self.columns_[name]

    def __iter__(self):
        return (dict(zip(self.columns_, row)) for row in zip(*self.columns_.values()))  # noqa: B905


def test_hugging_face():
    both = Dataset(label=[1, 0, 1], text=TEXTS)
    assert as_documents(Dataset(text=TEXTS)) == as_documents(both["text"]) == TEXTS
    with pytest.raises(
        ValueError, match=r"Dataset with the columns 'label', 'text'. .*X\['text'\]"
    ):
        as_documents(both)
    with pytest.raises(TypeError, match=r"got dict in row.*\[row\['text'\] for row in X\]"):
        as_documents(list(both))
    with pytest.raises(TypeError, match=r"dict with the keys 'train'. .*X\['train'\]"):
        as_documents({"train": both})


def test_polars_frames_with_several_columns():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"label": [1, 0, 1], "text": TEXTS})
    with pytest.raises(ValueError, match=r"X\['text'\]"):
        as_documents(frame)
    with pytest.raises(TypeError, match=r"got LazyFrame, not yet read: pass X.collect\(\)"):
        as_documents(frame.lazy())


def test_str_subclasses_are_texts():
    assert as_documents([np.str_("a film")]) == ["a film"]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("one text", TypeError, r"pass a list that holds it: \[text\]"),
        (b"one text", TypeError, "got one bytes"),
        (3, TypeError, "got int. Pass one text per row"),
        (None, TypeError, "got NoneType"),
        ({"a": 1}, TypeError, r"dict with the keys 'a'. .*X\['a'\]"),
        ({"a"}, TypeError, "a set, whose rows have none"),
        (np.array("text"), ValueError, r"shape \(\)"),
        (np.arange(3), TypeError, "got numbers"),
        (np.array([1.0, np.nan]), TypeError, "got numbers"),
        (np.zeros((3, 2), dtype=int), ValueError, r"shape \(3, 2\)"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), ValueError, "name the text column"),
        (sparse.csr_array((3, 1)), ValueError, r"csr_array of shape \(3, 1\)"),
        ([1, 2], TypeError, "got int in rows 0, 1"),
        (["a", b"b"], TypeError, r"got bytes in row 1. Decode"),
        (["a", ["b"]], TypeError, "analyzer=list"),
        (np.array([b"a"]), TypeError, "got bytes in row 0"),
        (["a", 2.5], TypeError, "got float in row 1"),
    ],
)
def test_what_is_no_column_of_texts(X, error, message):
    with pytest.raises(error, match=message):
        as_documents(X)


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, np.float64("nan")])
def test_missing_texts(missing):
    X = ["a", missing, "b", missing]
    with pytest.raises(ValueError, match=r"2 of 4 documents are missing .*: rows 1, 3. Drop"):
        as_documents(X)
    assert as_documents(X, missing="empty") == ["a", "", "b", ""]
    assert as_documents(X, missing="empty", any_type=True) == ["a", None, "b", None]
    assert X[1] is missing


@pytest.mark.parametrize("dtype", [object, "string[python]", "string[pyarrow]", "str"])
def test_missing_in_pandas(dtype):
    if dtype == "string[pyarrow]":
        pytest.importorskip("pyarrow")
    X = pd.Series(["a", None], dtype=object).astype(dtype)
    X[1] = None
    with pytest.raises(ValueError, match="row 1"):
        as_documents(X)
    assert as_documents(X, missing="empty") == ["a", ""]


def test_column_without_a_single_text():
    X = pd.Series([np.nan, np.nan])
    assert X.dtype == float
    with pytest.raises(ValueError, match="2 of 2 documents are missing"):
        as_documents(X)
    assert as_documents(X.to_frame(), missing="empty") == ["", ""]


def test_missing_in_polars():
    polars = pytest.importorskip("polars")
    with pytest.raises(ValueError, match="row 1"):
        as_documents(polars.Series(["a", None]))


def test_many_missing_rows_are_not_all_named():
    with pytest.raises(ValueError, match="rows 0, 1, 2, 3, 4 and 95 more"):
        as_documents([None] * 100)


def test_lists_of_tokens_or_ids():
    X = [["a", "b"], [], ["c"]]
    assert as_documents(X, any_type=True) == X
    ragged = np.empty(3, dtype=object)
    ragged[:] = X
    assert as_documents(ragged, any_type=True) == X
    assert as_documents(pd.Series(X), any_type=True) == X
