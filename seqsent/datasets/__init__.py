"""Data sets of reviews, and word vectors."""

from ._imdb import fetch_imdb
from ._imdb_sequences import fetch_imdb_sequences
from ._reviews import make_reviews
from ._word_vectors import load_word_vectors, train_word_vectors

__all__ = [
    "fetch_imdb",
    "fetch_imdb_sequences",
    "load_word_vectors",
    "make_reviews",
    "train_word_vectors",
]
