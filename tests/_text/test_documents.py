"""Documents in containers of several libraries."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from seqsent._text.documents import as_documents

TEXTS = ["A good film", "", "not good"]


def test_list_of_any_container(text_container):
    documents = as_documents(text_container(TEXTS))
    assert documents == TEXTS
    assert set(map(type, documents)) == {str}


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"text": TEXTS}),
        pd.DataFrame({"text": TEXTS}).to_numpy(),
        np.array(TEXTS)[:, np.newaxis],
        (text for text in TEXTS),
        list(map(np.str_, TEXTS)),
        pd.Index(TEXTS),
        pd.Series(TEXTS).astype("category"),
    ],
    ids=["frame", "object column", "str column", "generator", "str subclass", "index", "category"],
)
def test_list_of_other_iterables(X):
    assert as_documents(X) == TEXTS


def test_pyarrow_columns():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"label": [1, 0, 1], "text": TEXTS})
    for X in (table["text"], pa.array(TEXTS), table.select(["text"]), table["text"].chunk(0)):
        assert as_documents(X) == TEXTS
    with pytest.raises(ValueError, match=r"columns 'label', 'text'. .*alone, X\['text'\]"):
        as_documents(table)
    with pytest.raises(ValueError, match=r"1 missing text \(row \d+, counted from 0\)"):
        as_documents(pa.array(["a", None]))
    with pytest.raises(TypeError, match=r"got int \(rows 0, 1, 2\)"):
        as_documents(table["label"])


class Dataset:
    """The interface of ``datasets.Dataset`` of Hugging Face."""

    def __init__(self, **columns):
        self.columns_ = columns
        self.column_names = list(columns)

    def __getitem__(self, name):
        return self.columns_[name]


def test_hugging_face_data_sets():
    assert as_documents(Dataset(text=TEXTS)) == TEXTS
    data = Dataset(label=[1, 0, 1], text=TEXTS)
    with pytest.raises(ValueError, match=r"Dataset with the columns 'label', 'text'"):
        as_documents(data)
    with pytest.raises(TypeError, match=r"dict with the keys 'train'. .*X\['train'\]"):
        as_documents({"train": data})


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"label": [1, 0, 1], "text": TEXTS})
    assert as_documents(frame.select("text")) == TEXTS
    with pytest.raises(ValueError, match=r"X\['text'\]"):
        as_documents(frame)
    with pytest.raises(TypeError, match=r"got a LazyFrame. Pass X.collect\(\)"):
        as_documents(frame.lazy())
    with pytest.raises(ValueError, match="row 1"):
        as_documents(polars.Series(["a", None]))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("one text", TypeError, r"Pass a list: \[text\]"),
        (b"one text", TypeError, "got one bytes"),
        (3, TypeError, "got int. Pass one text per row"),
        (None, TypeError, "got NoneType"),
        ({"a": 1}, TypeError, r"dict with the keys 'a'. .*X\['a'\]"),
        ({"a"}, TypeError, "got a set, which has none"),
        (np.array("text"), ValueError, r"shape \(\)"),
        (np.arange(3), TypeError, "got numbers"),
        (np.array([1.0, np.nan]), TypeError, "got numbers"),
        (np.zeros((3, 2), dtype=int), ValueError, r"shape \(3, 2\)"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), ValueError, "by name in a ColumnTransformer"),
        (sparse.csr_array((3, 1)), ValueError, r"csr_array of shape \(3, 1\)"),
        ([1, 2], TypeError, r"got int \(rows 0, 1\)"),
        (["a", b"b"], TypeError, r"got bytes \(row 1\). Decode"),
        (["a", ["b"]], TypeError, "analyzer=list"),
        ([{"n": 1, "text": "a"}], TypeError, r"got dict \(row 0\).*\[row\['text'\] for row in X\]"),
        (np.array([b"a"]), TypeError, r"got bytes \(row 0\)"),
        (["a", 2.5], TypeError, r"got float \(row 1\)"),
    ],
)
def test_invalid_containers(X, error, message):
    with pytest.raises(error, match=message):
        as_documents(X)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT, np.float32("nan")])
def test_missing_texts(value):
    X = ["a", value, "b", value]
    message = r"X contains 2 missing texts \(rows 1, 3, counted from 0\). Remove them"
    with pytest.raises(ValueError, match=message):
        as_documents(X)
    assert as_documents(X, missing="empty") == ["a", "", "b", ""]
    assert as_documents(X, missing="empty", any_type=True) == ["a", None, "b", None]
    assert X[1] is value


def test_column_of_missing_texts_only():
    X = pd.Series([np.nan, np.nan])
    assert X.dtype == float
    with pytest.raises(ValueError, match="2 missing texts"):
        as_documents(X)
    assert as_documents(X.to_frame(), missing="empty") == ["", ""]


def test_error_lists_few_of_many_missing_rows():
    with pytest.raises(ValueError, match="rows 0, 1, 2, 3, 4 and 95 more"):
        as_documents([None] * 100)


def test_documents_of_any_type():
    X = [["a", "b"], [], ["c"]]
    assert as_documents(X, any_type=True) == X
    ragged = np.empty(3, dtype=object)
    ragged[:] = X
    assert as_documents(ragged, any_type=True) == X
    assert as_documents(pd.Series(X), any_type=True) == X
