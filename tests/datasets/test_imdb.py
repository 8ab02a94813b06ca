"""fetch_imdb: every source it reads, and what a bad download leaves behind (nothing)."""

import gzip

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from seqsent.datasets import _cache, fetch_imdb

N_REVIEWS = 3  # as in conftest.py


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(_cache.urllib.request, "urlopen", refuse)


def check(bunch, part="train"):
    n = 2 * N_REVIEWS
    assert bunch.target.tolist() == [0] * N_REVIEWS + [1] * N_REVIEWS
    assert bunch.rating.tolist() == [2] * N_REVIEWS + [9] * N_REVIEWS
    assert bunch.movie.tolist() == ["tt0000100", "tt0000101", "tt0000102"] * 2
    expected = [
        f'{part} {sentiment} {i}:<br />a "quote", an é\x85\r and NA'
        for sentiment in ("neg", "pos")
        for i in range(N_REVIEWS)
    ]
    assert bunch.data.tolist() == expected
    assert len(bunch.data) == n
    assert bunch.target_names.tolist() == ["negative", "positive"]
    assert "Maas" in bunch.DESCR


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_download_once(publisher, tmp_path):
    home = tmp_path / "home"
    check(fetch_imdb(data_home=home))
    assert files_in(home) == ["imdb/test.csv.gz", "imdb/train.csv.gz"]
    check(fetch_imdb("test", data_home=home, download_if_missing=False), "test")
    check(fetch_imdb(data_home=str(home)))
    assert publisher.n_requests == 1


def test_frame_allows_cross_validation_by_movie(publisher, tmp_path):
    bunch = fetch_imdb("all", data_home=tmp_path / "home", as_frame=True)
    assert list(bunch.frame.columns) == ["text", "label", "rating", "movie"]
    assert bunch.frame.index.tolist() == list(range(4 * N_REVIEWS))
    assert bunch.frame["text"].str.startswith("train").tolist() == [True] * 6 + [False] * 6
    assert isinstance(bunch.data, pd.Series)
    folds = GroupKFold(3).split(bunch.data, bunch.target, groups=bunch.movie)
    for train, test in folds:
        assert not set(bunch.movie[train]) & set(bunch.movie[test])


def test_X_and_y(publisher, tmp_path):
    X, y = fetch_imdb(data_home=tmp_path / "home", return_X_y=True)
    assert X.shape == y.shape == (6,)
    assert X.dtype == object
    assert y.dtype == np.int64


def test_interrupted_download_leaves_nothing(publisher, tmp_path, monkeypatch):
    def interrupt(self, n_bytes):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_cache._ProgressBar, "advance", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch_imdb(data_home=tmp_path / "home")
    assert files_in(tmp_path / "home") == []
    check(fetch_imdb(data_home=tmp_path / "home"))


def test_interrupted_while_keeping_the_reviews(publisher, tmp_path, monkeypatch):
    """What was written of a table is gone; the next call starts from the archive."""
    to_csv = pd.DataFrame.to_csv

    def interrupt(self, path, **options):
        to_csv(self.head(2), path, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch_imdb(data_home=tmp_path / "home")
    assert files_in(tmp_path / "home") == ["imdb/aclImdb_v1.tar.gz"]
    check(fetch_imdb(data_home=tmp_path / "home"))
    assert publisher.n_requests == 1


def test_archive_in_data_home(tmp_path, pack, review_files, no_network):
    (tmp_path / "aclImdb_v1.tar.gz").write_bytes(pack(review_files))
    check(fetch_imdb(data_home=tmp_path))
    assert (tmp_path / "aclImdb_v1.tar.gz").exists(), "the user's own file stays"


def test_another_archive_in_data_home_is_refused(tmp_path, pack, review_files, no_network):
    (tmp_path / "aclImdb_v1.tar.gz").write_bytes(pack(review_files) + b"more")
    with pytest.raises(ValueError, match="is not the published archive: its MD5"):
        fetch_imdb(data_home=tmp_path)


def test_extracted_folder(tmp_path, review_files, no_network):
    for name, text in review_files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    before = files_in(tmp_path)
    check(fetch_imdb(data_home=tmp_path))
    check(fetch_imdb("test", data_home=tmp_path), "test")
    assert files_in(tmp_path) == before
    (tmp_path / "aclImdb/train/pos/1_9.txt").unlink()
    with pytest.raises(ValueError, match=r"incomplete: 2 reviews in train/pos.* names 3"):
        fetch_imdb(data_home=tmp_path)
    (tmp_path / "aclImdb/train/pos/1_9.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ValueError, match=r"aclImdb: aclImdb/train/pos/1_9\.txt is not UTF-8"):
        fetch_imdb(data_home=tmp_path)


@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz", "imdb/train.csv"])
def test_table_of_text_and_label(tmp_path, no_network, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    pd.DataFrame({"id": [7, 8], "label": [1, 0], "text": ["NA", "a\n b"]}).to_csv(tmp_path / name)
    bunch = fetch_imdb(data_home=tmp_path, as_frame=True)
    assert list(bunch.frame.columns) == ["text", "label"]
    assert bunch.data.tolist() == ["NA", "a\n b"]
    assert bunch.target.tolist() == [1, 0]
    assert "movie" not in bunch
    with pytest.raises(OSError, match="download_if_missing=False"):
        fetch_imdb("all", data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"review,label\na,1\n", "has no column 'text'"),
        (b"text,label\na,2\n", "line 2: the label must be 0 or 1, got '2'"),
        (b"text,label\na,1\nb,\n", "line 3: the label must be 0 or 1, got ''"),
        (b"text,label\na,1\nb\n", "line 3: the label must be 0 or 1, got ''"),
        (b"text,label\na,1\nb,0.5\n", r"line 3: the label must be 0 or 1, got '0\.5'"),
        (b"text,label\na,1,\nb,0,\n", "line 2: more fields than the 2 names above"),
        (b"text,label\na,1\nb,0,\n", "in line 3, saw 3"),
        (b"text,label\n'a,1\n\"b,1\n", "not a readable CSV file: .* string starting at row 2"),
        (b"", "not a readable CSV file"),
        (b"text,label\n\xff\xfe,1\n", "not a readable CSV file"),
    ],
)
def test_bad_table(tmp_path, no_network, content, message):
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        fetch_imdb(data_home=tmp_path)


@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz"])
@pytest.mark.parametrize(
    ("rating", "shown"),
    [
        ("", ""),
        ("7.5", "7.5"),
        ("seven", "seven"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e300", "1e+300"),
        ("9" * 30, "9" * 30),
    ],
)
def test_a_rating_that_is_no_whole_number_is_found(tmp_path, no_network, name, rating, shown):
    """By its line, though there are others before it than there are rows."""
    rows = f'text,rating,label\n"two\r\nlines, ""1""",7,1\n\n  \nNA,8,1\n,{rating},0\nd,9,0\n'
    path = tmp_path / name
    path.write_bytes(gzip.compress(rows.encode()) if path.suffix == ".gz" else rows.encode())
    with pytest.raises(ValueError, match="the rating must be a whole number") as caught:
        fetch_imdb(data_home=tmp_path)
    assert f"{path}, line 7: the rating" in str(caught.value)
    assert str(caught.value).endswith(f", got {shown!r}.")


def test_a_bad_number_behind_a_very_long_text_is_found_by_its_row(tmp_path, no_network):
    rows = f"text,label\n{'long ' * 40_000},1\nb,3\n"
    (tmp_path / "train.csv").write_text(rows)
    with pytest.raises(ValueError, match=r"train\.csv, row 2: the label must be 0 or 1, got '3'"):
        fetch_imdb(data_home=tmp_path)
    (tmp_path / "train.csv").write_text(rows.replace("b,3", "b,0"))
    assert fetch_imdb(data_home=tmp_path).target.tolist() == [1, 0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("names", ["text,label,rating,movie", "movie,rating,id,label,text"])
def test_a_table_as_other_programs_write_it(tmp_path, no_network, end, mark, names):
    row = {"text": '"a\r\n""b"""', "label": "1", "rating": "7.0", "movie": "0064354", "id": "x"}
    lines = [",".join(row.get(name, "") for name in names.split(",")), ""]
    (tmp_path / "train.csv").write_bytes(end.join([mark + names, *lines, *lines]).encode())
    bunch = fetch_imdb(data_home=tmp_path, as_frame=True)
    assert bunch.frame.to_dict("list") == {
        "text": ['a\r\n"b"'] * 2,
        "label": [1] * 2,
        "rating": [7] * 2,
        "movie": ["0064354"] * 2,
    }
    assert bunch.frame["rating"].dtype == bunch.target.dtype == np.int64


@pytest.mark.parametrize("keep", [slice(0, 60), slice(5, None)])
def test_damaged_compressed_table(tmp_path, no_network, keep):
    pd.DataFrame({"text": ["some text"] * 9, "label": 1}).to_csv(tmp_path / "train.csv.gz")
    content = (tmp_path / "train.csv.gz").read_bytes()
    (tmp_path / "train.csv.gz").write_bytes(content[keep])
    with pytest.raises(ValueError, match="not a readable CSV file"):
        fetch_imdb(data_home=tmp_path)


def test_missing_data_says_what_to_do(tmp_path, monkeypatch, no_network):
    monkeypatch.setenv("SEQSENT_DATA", str(tmp_path / "chosen"))
    with pytest.raises(OSError, match=r"No movie reviews in .*chosen.*Allow the download, or put"):
        fetch_imdb(download_if_missing=False)
    assert not (tmp_path / "chosen").exists()


def test_folder_that_cannot_be_written_to(tmp_path, pack, review_files, no_network):
    (tmp_path / "aclImdb_v1.tar.gz").write_bytes(pack(review_files))
    (tmp_path / "imdb").write_text("a file where the folder would be")
    check(fetch_imdb(data_home=tmp_path))


@pytest.mark.parametrize("parameters", [{"subset": "valid"}, {"data_home": 3}, {"as_frame": 1}])
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        fetch_imdb(**parameters)


def test_real_reviews(shared_data, no_network):
    frame = fetch_imdb(data_home=shared_data / "imdb", as_frame=True).frame
    assert frame.shape == (25_000, 4)
    assert frame["label"].is_monotonic_increasing
    assert frame["label"].mean() == 0.5
    assert frame["rating"].isin([1, 2, 3, 4]).equals(frame["label"] == 0)
    assert frame["movie"].str.fullmatch(r"tt\d{7}").all()
    assert frame["text"].str.len().min() > 10
