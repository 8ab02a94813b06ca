"""Word vectors from files (formats, ids, coverage, damage), and from unlabelled texts."""

import gzip
import sys

import numpy as np
import pytest

from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import _word_vectors, load_word_vectors, train_word_vectors

LINES = ["the 0.5 1 -2", "film 1.5 -1 3e-1", ". . 1 2 3", "caf\u00e9 0 0 4"]
WORDS = ["the", "film", ". .", "caf\u00e9"]
VECTORS = np.array([[0.5, 1, -2], [1.5, -1, 0.3], [1, 2, 3], [0, 0, 4]], dtype=np.float32)


@pytest.fixture
def write(tmp_path):
    def write(lines, end="\n"):
        path = tmp_path / "vectors.txt"
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return write


@pytest.mark.parametrize("heading", [[], ["4 3"]])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("compressed", [False, True])
def test_file_formats(write, heading, end, mark, compressed):
    first, *rest = heading + LINES
    path = write([mark + first, *rest], end)
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    bunch = load_word_vectors(str(path))
    assert bunch.vocabulary == WORDS
    assert bunch.embedding_weights.dtype == np.float32
    np.testing.assert_array_equal(bunch.embedding_weights[4:], VECTORS)
    assert bunch.coverage is None


@pytest.mark.parametrize("index_from", [0, 3, 10])
def test_rows_match_the_ids_of_the_vectorizer(write, index_from):
    bunch = load_word_vectors(write(LINES), index_from=index_from)
    weights = bunch.embedding_weights
    assert weights.shape == (4 + index_from + 1, 3)
    np.testing.assert_array_equal(weights[0], 0)
    np.testing.assert_allclose(
        weights[1 : index_from + 1], np.tile(VECTORS.mean(axis=0), (index_from, 1)), rtol=1e-6
    )
    np.testing.assert_array_equal(weights[index_from + 1 :], VECTORS)
    if index_from >= 2:
        vectorizer = SequenceVectorizer(
            vocabulary=bunch.vocabulary, index_from=index_from, num_words=None, maxlen=3
        )
        ids = vectorizer.fit(["nothing of this"]).transform(["the film"])
        np.testing.assert_array_equal(weights[ids[0, 1:]], VECTORS[:2])


@pytest.mark.parametrize(("num_words", "n_words"), [(5, 1), (7, 3), (8, 4), (100, 4)])
def test_num_words_limits_the_ids(write, num_words, n_words):
    bunch = load_word_vectors(write(["4 3", *LINES]), num_words=num_words)
    assert bunch.vocabulary == WORDS[:n_words]
    assert len(bunch.embedding_weights) == min(num_words, 8)


def test_lines_beyond_num_words_are_not_read(write):
    assert load_word_vectors(write([*LINES[:2], "bad"]), num_words=6).vocabulary == WORDS[:2]


def test_too_small_num_words_is_refused(write):
    with pytest.raises(ValueError, match=r"num_words=4 excludes all words.*Set num_words to 5 or"):
        load_word_vectors(write(LINES), num_words=4)


def test_blocks_are_concatenated(write, monkeypatch):
    monkeypatch.setattr(_word_vectors, "_BLOCK_SIZE", 3)
    lines = [f"w{i} {i} {-i}" for i in range(10)]
    bunch = load_word_vectors(write(lines), num_words=12)
    assert bunch.vocabulary == [f"w{i}" for i in range(8)]
    assert bunch.embedding_weights[4:, 1].tolist() == [-i for i in range(8)]
    lines[7] = "w7 7"
    with pytest.raises(ValueError, match="line 8: expected a word"):
        load_word_vectors(write(lines))


def test_first_vector_of_a_repeated_word_is_used(write):
    path = write(["the 1 2", "film 3 4", "the 5 6", "film 7 8", "sang 9 9"])
    with pytest.warns(UserWarning, match=r"2 lines of .* repeat a word") as record:
        bunch = load_word_vectors(path)
    if sys.version_info >= (3, 12):  # as in warn_user
        assert record[0].filename == __file__
    assert bunch.vocabulary == ["the", "film", "sang"]
    assert bunch.embedding_weights[4:].tolist() == [[1, 2], [3, 4], [9, 9]]


@pytest.mark.parametrize(
    "bad",
    [
        "word 1 2",
        "word 1 2 3 4",
        "word 1 x 3",
        "word 1 nan 3",
        " 1 2 3",
        "",
        "word\t1\t2\t3",
    ],
)
@pytest.mark.parametrize("heading", [0, 1])
def test_malformed_line_is_refused(write, bad, heading):
    path = write(["5 3"] * heading + [*LINES[:2], bad, *LINES[2:]])
    with pytest.raises(ValueError, match=rf"line {3 + heading}: expected a word.*3 of"):
        load_word_vectors(path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "first line is empty"),
        ([""], "first line is empty"),
        (["word"], "line 1: expected a word and its finite numbers"),
        (["4 3"], "truncated: its first line announces 4 vectors, got 0"),
        (["9 3", *LINES], "truncated: its first line announces 9 vectors, got 4"),
    ],
)
def test_incomplete_file_is_refused(write, lines, message):
    with pytest.raises(ValueError, match=message):
        load_word_vectors(write(lines))


def test_binary_file_is_refused(tmp_path):
    (tmp_path / "vectors.bin").write_bytes(b"2 3\nthe \xff\xfe\x00\x01")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        load_word_vectors(tmp_path / "vectors.bin")


def test_damaged_gzip_file_is_refused(tmp_path):
    (tmp_path / "v.gz").write_bytes(gzip.compress("\n".join(LINES * 50).encode())[:40])
    with pytest.raises(ValueError, match="is a damaged gzip file"):
        load_word_vectors(tmp_path / "v.gz")


def test_coverage_of_texts(write):
    texts = ["The film, the film.", "a book a film", "caf\u00e9"]
    coverage = load_word_vectors(write(LINES), texts=texts).coverage
    assert coverage["running_words"] == pytest.approx(6 / 9)
    assert coverage["distinct_words"] == pytest.approx(3 / 5)
    assert coverage["unknown_words"] == [("a", 2), ("book", 1)]


def test_vocabulary_of_texts(write):
    bunch = load_word_vectors(write(LINES), texts=["A book: the film.", "the book", "caf\u00e9"])
    # by count, then alphabetically
    assert bunch.vocabulary == ["book", "the", "a", "caf\u00e9", "film"]
    found = bunch.embedding_weights
    np.testing.assert_array_equal(found[[5, 7, 8]], VECTORS[[0, 3, 1]])
    np.testing.assert_array_equal(found[[4, 6]], np.nan)
    np.testing.assert_array_equal(found[0], 0)
    mean = VECTORS[[0, 3, 1]].mean(axis=0)
    np.testing.assert_allclose(found[1:4], np.tile(mean, (3, 1)), rtol=1e-6)


def test_num_words_limits_the_vocabulary_of_texts(write):
    path = write(["rare 0 0 0", *LINES])
    bunch = load_word_vectors(path, texts=["book film book", "book film the"], num_words=6)
    assert bunch.vocabulary == ["book", "film"]
    assert bunch.embedding_weights.shape == (6, 3)
    assert bunch.coverage["unknown_words"] == [("book", 3), ("the", 1)]


def test_pipeline_takes_the_vectors_of_a_vocabulary_of_texts(write):
    texts = ["the good film", "the bad film"] * 4
    bunch = load_word_vectors(write(LINES), texts=texts)
    pipeline = make_sentiment_pipeline(
        vocabulary=bunch.vocabulary,
        embedding_weights=bunch.embedding_weights,
        train_embedding=False,
        epochs=1,
        random_state=0,
    ).fit(texts, [1, 0] * 4)
    table = pipeline["classifier"].model_.get_layer("embedding").get_weights()[0]
    is_known = ~np.isnan(bunch.embedding_weights)
    np.testing.assert_array_equal(table[is_known], bunch.embedding_weights[is_known])
    good, bad = (4 + bunch.vocabulary.index(word) for word in ("good", "bad"))
    assert np.abs(table[[good, bad]]).min() > 0


def test_texts_without_a_known_word_are_refused(write):
    with pytest.raises(ValueError, match=r"no vector of a word of texts, such as \['book'\]"):
        load_word_vectors(write(LINES), texts=["book"])


def test_texts_must_be_valid(write):
    with pytest.raises(ValueError, match="vocabulary is empty"):
        load_word_vectors(write(LINES), texts=["", "."])
    with pytest.raises(TypeError, match=r"Pass a list: \[text\]"):
        load_word_vectors(write(LINES), texts="the film")


def test_real_vectors(shared_data):
    bunch = load_word_vectors(shared_data / "glove.6B.50d.top5050.txt")
    assert len(bunch.vocabulary) == 5050
    assert bunch.vocabulary[:3] == ["the", ",", "."]
    assert bunch.embedding_weights.shape == (5054, 50)
    assert bunch.embedding_weights[4, 0] == np.float32(0.418)


# words 3 and 4 have the contexts 6 and 7, word 5 the contexts 8 and 9; 2 is [OOV]
IDS = np.array([[0, 6, 3, 7], [6, 4, 7, 2], [8, 5, 9, 2], [6, 3, 7, 2], [0, 8, 5, 9]])


def test_trained_vectors_of_similar_contexts_are_similar():
    vectors = train_word_vectors(IDS, 2, random_state=0)
    assert vectors.shape == (10, 2)
    assert vectors.dtype == np.float32
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[3] @ vectors[4] == pytest.approx(1, abs=1e-3)
    assert abs(vectors[3] @ vectors[5]) < 1e-3
    vectors_again = train_word_vectors(IDS.tolist(), 2, random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(
        vectors, vectors_again / np.linalg.norm(vectors_again, axis=1, keepdims=True)
    )


def test_trained_vectors_of_num_words():
    assert train_word_vectors(IDS, 2, num_words=20).shape == (20, 2)
    fewer = train_word_vectors(IDS, 2, num_words=8, random_state=0)
    without = train_word_vectors(np.where(IDS < 8, IDS, 0), 2, random_state=0)
    np.testing.assert_array_equal(fewer, without)


@pytest.mark.parametrize(
    "X",
    [["a text"], [[1, -1]], [[0.5, 1.0]], [1, 2], np.empty((0, 3), int)],
    ids=["texts", "negative", "floats", "one row", "empty"],
)
def test_train_word_vectors_refuses_other_input_than_ids(X):
    with pytest.raises(ValueError, match="X must contain rows of word ids"):
        train_word_vectors(X)
