"""fetch_imdb: every source it reads, and what a bad download leaves behind (nothing)."""

import functools
import hashlib
import http.server
import io
import tarfile
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from seqsent.datasets import _cache, _imdb, fetch_imdb

N_REVIEWS = 3  # of each label, in each half


def review_files():
    for part in ("train", "test"):
        for sentiment, rating in (("pos", 9), ("neg", 2)):
            films = range(100, 100 + N_REVIEWS)
            urls = "".join(
                f"http://www.imdb.com/title/tt{film:07}/usercomments\n" for film in films
            )
            yield f"aclImdb/{part}/urls_{sentiment}.txt", urls
            for i in reversed(range(N_REVIEWS)):
                text = f'{part} {sentiment} {i}:<br />a "quote", an é\x85 and NA'
                yield f"aclImdb/{part}/{sentiment}/{i}_{rating}.txt", text
    yield "aclImdb/train/unsup/0_0.txt", "no label"
    yield "aclImdb/README", "read me"


def make_archive(path, extra=()):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in [*review_files(), *extra]:
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.n_requests += 1
        if self.server.cut:
            content = self.server.archive.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The publisher: a web server of this machine, which `fetch_imdb` takes for the real one."""
    folder = tmp_path / "published"
    folder.mkdir()
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.n_requests, server.cut = 0, False
        server.archive = folder / "aclImdb_v1.tar.gz"
        monkeypatch.setattr(_imdb, "_MD5", make_archive(server.archive))
        url = f"http://127.0.0.1:{server.server_port}/aclImdb_v1.tar.gz"
        monkeypatch.setattr(_imdb, "_URL", url)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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
        f'{part} {sentiment} {i}:<br />a "quote", an é\x85 and NA'
        for sentiment in ("neg", "pos")
        for i in range(N_REVIEWS)
    ]
    assert bunch.data.tolist() == expected
    assert len(bunch.data) == n
    assert bunch.target_names.tolist() == ["negative", "positive"]
    assert "Maas" in bunch.DESCR


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_download_once(server, tmp_path):
    home = tmp_path / "home"
    check(fetch_imdb(data_home=home))
    assert files_in(home) == ["imdb/test.csv.gz", "imdb/train.csv.gz"]
    check(fetch_imdb("test", data_home=home, download_if_missing=False), "test")
    check(fetch_imdb(data_home=str(home)))
    assert server.n_requests == 1


def test_frame_allows_cross_validation_by_movie(server, tmp_path):
    bunch = fetch_imdb("all", data_home=tmp_path / "home", as_frame=True)
    assert list(bunch.frame.columns) == ["text", "label", "rating", "movie"]
    assert bunch.frame.index.tolist() == list(range(4 * N_REVIEWS))
    assert bunch.frame["text"].str.startswith("train").tolist() == [True] * 6 + [False] * 6
    assert isinstance(bunch.data, pd.Series)
    folds = GroupKFold(3).split(bunch.data, bunch.target, groups=bunch.movie)
    for train, test in folds:
        assert not set(bunch.movie[train]) & set(bunch.movie[test])


def test_X_and_y(server, tmp_path):
    X, y = fetch_imdb(data_home=tmp_path / "home", return_X_y=True)
    assert X.shape == y.shape == (6,)
    assert X.dtype == object
    assert y.dtype == np.int64


def test_wrong_checksum_leaves_nothing(server, tmp_path, monkeypatch):
    home, right = tmp_path / "home", _imdb._MD5
    monkeypatch.setattr(_imdb, "_MD5", "0" * 32)
    with pytest.raises(OSError, match=r"damaged or incomplete.*expected 0000.*Nothing was kept"):
        fetch_imdb(data_home=home)
    assert files_in(home) == []
    monkeypatch.setattr(_imdb, "_MD5", right)
    check(fetch_imdb(data_home=home))


def test_truncated_download_leaves_nothing(server, tmp_path):
    home = tmp_path / "home"
    server.cut = True
    with pytest.raises(OSError, match=r"incomplete: \d+ bytes of \d+ arrived"):
        fetch_imdb(data_home=home)
    assert files_in(home) == []
    server.cut = False
    check(fetch_imdb(data_home=home))


def test_server_without_the_file(server, tmp_path, monkeypatch):
    monkeypatch.setattr(_imdb, "_URL", _imdb._URL + ".gone")
    with pytest.raises(OSError, match="404"):
        fetch_imdb(data_home=tmp_path / "home")
    assert files_in(tmp_path / "home") == []


def test_interrupted_download_leaves_nothing(server, tmp_path, monkeypatch):
    def interrupt(self, n_bytes):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_cache._ProgressBar, "advance", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch_imdb(data_home=tmp_path / "home")
    assert files_in(tmp_path / "home") == []
    check(fetch_imdb(data_home=tmp_path / "home"))


def test_interrupted_while_keeping_the_reviews(server, tmp_path, monkeypatch):
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
    assert server.n_requests == 1


def test_malicious_members_are_never_written(server, tmp_path, monkeypatch):
    evil = [
        ("../evil.txt", "evil"),
        ("aclImdb/train/neg/../../../../evil.txt", "evil"),
        ("aclImdb/train/neg/../3_1.txt", "evil"),
        (str(tmp_path / "evil.txt"), "evil"),
    ]
    monkeypatch.setattr(_imdb, "_MD5", make_archive(server.archive, evil))
    check(fetch_imdb(data_home=tmp_path / "home"))
    assert not list(tmp_path.rglob("evil*"))
    assert files_in(tmp_path / "home") == ["imdb/test.csv.gz", "imdb/train.csv.gz"]


def test_links_in_the_archive_are_not_followed(server, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with tarfile.open(server.archive, "w:gz") as archive:
        link = tarfile.TarInfo("aclImdb/train/neg/0_1.txt")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(link)
    monkeypatch.setattr(_imdb, "_MD5", hashlib.md5(server.archive.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="incomplete: 0 reviews in train/neg"):
        fetch_imdb(data_home=tmp_path / "home")


def test_archive_in_data_home(tmp_path, monkeypatch, no_network):
    monkeypatch.setattr(_imdb, "_MD5", make_archive(tmp_path / "aclImdb_v1.tar.gz"))
    check(fetch_imdb(data_home=tmp_path))
    assert (tmp_path / "aclImdb_v1.tar.gz").exists(), "the user's own file stays"


def test_another_archive_in_data_home_is_refused(tmp_path, no_network):
    make_archive(tmp_path / "aclImdb_v1.tar.gz")
    with pytest.raises(ValueError, match="is not the published archive: its MD5"):
        fetch_imdb(data_home=tmp_path)


def test_extracted_folder(tmp_path, no_network):
    for name, text in review_files():
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
        (b"text,label\na,2\n", r"must be 0 or 1, got \['2'\]"),
        (b"text,label\na,\n", r"must be 0 or 1, got \[''\]"),
        (b"", "not a readable CSV file"),
        (b"text,label\n\xff\xfe,1\n", "not a readable CSV file"),
    ],
)
def test_bad_table(tmp_path, no_network, content, message):
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        fetch_imdb(data_home=tmp_path)


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


def test_folder_that_cannot_be_written_to(tmp_path, monkeypatch, no_network):
    monkeypatch.setattr(_imdb, "_MD5", make_archive(tmp_path / "aclImdb_v1.tar.gz"))
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


def test_no_connection_says_what_to_do(tmp_path, monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port  # closed again below: nobody listens there
    monkeypatch.setattr(_imdb, "_URL", f"http://127.0.0.1:{port}/aclImdb_v1.tar.gz")
    with pytest.raises(OSError, match=r"download failed .* put one of these there"):
        fetch_imdb(data_home=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
