"""fetch_imdb: CSV files, the published archive and its download."""

import gzip
import tarfile

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from seqsent.datasets import _imdb, fetch_imdb

N_REVIEWS = 3  # as in conftest.py
ARCHIVE = "aclImdb_v1.tar.gz"


@pytest.fixture
def published(publisher, pack, review_files, monkeypatch):
    """A server that publishes the archive where `fetch_imdb` expects it."""
    publisher.files[f"/{ARCHIVE}"] = pack(review_files)
    monkeypatch.setattr(_imdb, "_URL", f"{publisher.url}/{ARCHIVE}")
    return publisher


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(_imdb, "_URL", f"http://127.0.0.1:1/{ARCHIVE}")


def check(bunch, subset="train"):
    assert bunch.target.tolist() == [0] * N_REVIEWS + [1] * N_REVIEWS
    assert bunch.rating.tolist() == [2] * N_REVIEWS + [9] * N_REVIEWS
    assert bunch.movie.tolist() == ["tt0000100", "tt0000101", "tt0000102"] * 2
    assert bunch.data.tolist() == [
        f'{subset} {sentiment} {i}:<br />a "quote", an é\x85\r and NA'
        for sentiment in ("neg", "pos")
        for i in range(N_REVIEWS)
    ]
    assert bunch.target_names.tolist() == ["negative", "positive"]
    assert "Maas" in bunch.DESCR


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_download_once(published, tmp_path):
    home = tmp_path / "home"
    check(fetch_imdb(data_home=home))
    assert files_in(home) == ["imdb/test.csv.gz", "imdb/train.csv.gz"]
    check(fetch_imdb("test", data_home=str(home), download_if_missing=False), "test")
    assert published.requests == [f"/{ARCHIVE}"]


def test_archive_downloaded_by_hand(no_network, pack, review_files, tmp_path):
    (tmp_path / "imdb").mkdir()
    (tmp_path / "imdb" / ARCHIVE).write_bytes(pack(review_files))
    check(fetch_imdb(data_home=tmp_path))


def test_archive_converted_by_another_process(published, tmp_path, monkeypatch):
    original = _imdb._read_archive

    def overtaken(path):
        monkeypatch.setattr(_imdb, "_read_archive", original)
        fetch_imdb(data_home=tmp_path)  # the other process, which deletes the archive
        return original(path)

    monkeypatch.setattr(_imdb, "_read_archive", overtaken)
    check(fetch_imdb(data_home=tmp_path))
    assert published.requests == [f"/{ARCHIVE}"]


def test_frame_allows_cross_validation_by_movie(published, tmp_path):
    bunch = fetch_imdb("all", data_home=tmp_path, as_frame=True)
    assert list(bunch.frame.columns) == ["text", "label", "rating", "movie"]
    assert bunch.frame.index.tolist() == list(range(4 * N_REVIEWS))
    assert bunch.frame["text"].str.startswith("train").tolist() == [True] * 6 + [False] * 6
    folds = GroupKFold(3).split(bunch.data, bunch.target, groups=bunch.movie)
    for train, test in folds:
        assert not set(bunch.movie[train]) & set(bunch.movie[test])


def test_return_X_y(published, tmp_path):
    X, y = fetch_imdb(data_home=tmp_path, return_X_y=True)
    assert X.shape == y.shape == (6,)
    assert X.dtype == object
    assert y.dtype == np.int64


def member(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_no_member_of_an_archive_is_written_or_followed(published, tmp_path, pack, review_files):
    (tmp_path / "secret").write_text("secret")
    home, outside, review = tmp_path / "home", tmp_path / "evil", "aclImdb/train/neg/7_1.txt"
    evil = [
        ("../evil", "evil"),
        ("aclImdb/train/neg/../../../../evil", "evil"),
        (str(outside), "evil"),
        ("imdb/train.csv", "text,label\nevil,1\n"),
    ]
    others = [
        member(review, tarfile.SYMTYPE, str(tmp_path / "secret")),
        member(review, tarfile.LNKTYPE, "../secret"),
        member(review, tarfile.FIFOTYPE),
        member("aclImdb/train", tarfile.SYMTYPE, str(tmp_path)),
    ]
    published.files[f"/{ARCHIVE}"] = pack([*evil, *review_files], others)
    check(fetch_imdb(data_home=home))
    assert files_in(tmp_path) == ["home/imdb/test.csv.gz", "home/imdb/train.csv.gz", "secret"]


def test_oversized_member_is_refused(published, tmp_path, monkeypatch):
    monkeypatch.setattr(_imdb, "_MAX_MEMBER_SIZE", 100)
    with pytest.raises(
        ValueError, match=r"gz: .*urls_pos\.txt has 147 bytes, expected at most 100"
    ):
        fetch_imdb(data_home=tmp_path)


@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz", "imdb/train.csv"])
def test_csv_file_of_text_and_label(tmp_path, no_network, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    pd.DataFrame({"id": [7, 8], "label": [1, 0], "text": ["NA", "a\n b"]}).to_csv(tmp_path / name)
    bunch = fetch_imdb(data_home=tmp_path, as_frame=True)
    assert set(bunch.frame.columns) == {"text", "label"}
    assert bunch.data.tolist() == ["NA", "a\n b"]
    assert bunch.target.tolist() == [1, 0]
    assert "movie" not in bunch


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_file_of_a_spreadsheet(tmp_path, no_network, end, mark):
    lines = ["movie,rating,id,label,text", '0064354,7.0,x,1,"a\r\n""b"""']
    (tmp_path / "train.csv").write_bytes((mark + end.join([*lines, ""])).encode())
    frame = fetch_imdb(data_home=tmp_path, as_frame=True).frame
    expected = {"text": ['a\r\n"b"'], "label": [1], "rating": [7], "movie": ["0064354"]}
    assert frame.to_dict("list") == expected
    assert frame["rating"].dtype == frame["label"].dtype == np.int64


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"review,label\na,1\n", "has no column 'text'. Expected"),
        (b"text,label\na,2\n", "'label' must contain whole numbers from 0 to 1, got '2' in row 1"),
        (b"text,label\na,1\nb,\n", "got '' in row 2"),
        (b"text,label\na,1\nb,0.5\n", r"got '0\.5' in row 2"),
        (
            b"text,label,rating\na,1,7\nb,0,seven\n",
            "'rating' .* from 1 to 10, got 'seven' in row 2",
        ),
        (b"text,label,rating\na,1,11\n", "got '11' in row 1"),
        (b'text,label\na,1\nb"\n"c,0\n', "is not a readable CSV file: .*string starting at row"),
        (b"", "is not a readable CSV file"),
        (b"text,label\n\xff\xfe,1\n", "is not a readable CSV file"),
    ],
)
def test_invalid_csv_file_is_refused(tmp_path, no_network, content, message):
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        fetch_imdb(data_home=tmp_path)
    assert str(tmp_path / "train.csv") in str(caught.value)


@pytest.mark.parametrize("part", [slice(0, 60), slice(5, None)])
def test_damaged_gzip_file_is_refused(tmp_path, no_network, part):
    content = gzip.compress(b"text,label\n" + b"".join(b"%d,1\n" % i for i in range(99)))
    (tmp_path / "train.csv.gz").write_bytes(content[part])
    with pytest.raises(ValueError, match="is not a readable CSV file"):
        fetch_imdb(data_home=tmp_path)


def test_missing_data_without_download(tmp_path, monkeypatch, published):
    monkeypatch.setenv("SEQSENT_DATA", str(tmp_path / "chosen"))
    with pytest.raises(OSError, match=r"No train\.csv and test\.csv .* in .*chosen.*Add them, or"):
        fetch_imdb("all", download_if_missing=False)
    assert not published.requests
    assert not (tmp_path / "chosen").exists()


@pytest.mark.parametrize("parameters", [{"subset": "valid"}, {"data_home": 3}, {"as_frame": 1}])
def test_invalid_parameters_are_refused(parameters):
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
