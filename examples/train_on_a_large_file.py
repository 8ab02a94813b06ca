"""
=====================================
Training on a file larger than memory
=====================================

A network needs to see one chunk of the texts at a time. Here a CSV file of pages, each of which
ends with a review, is read in chunks: once for the vocabulary, and twice to train the network, with
a score on test pages after each pass. The peak memory after the first chunk and at the end shows
that it does not depend on the size of the file. With ``--allowed`` the system denies the program
more memory (``resource.setrlimit``, on Linux)::

    python train_on_a_large_file.py
    python train_on_a_large_file.py --megabytes 4000 --allowed 1000
"""

# %%
# Options
# -------

import argparse
import csv
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

parser = argparse.ArgumentParser(description="Train on a file larger than the allowed memory.")
parser.add_argument("--megabytes", type=int, default=100, help="size of the file")
parser.add_argument("--allowed", type=int, help="memory limit in megabytes")
parser.add_argument("--passes", type=int, default=2)
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Memory limit
# ------------
# ``RLIMIT_DATA`` limits the writable memory of the process, including Python and JAX. It counts two
# reservations that are hardly used: a memory pool of one gigabyte in Arrow, and a stack for each
# thread of JAX, several per core. Both are reduced here. (``RLIMIT_AS`` would limit addresses, and
# JAX reserves many more than it uses.) Without ``--allowed`` there is no limit.

MEGABYTE = 10**6
if options.allowed:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (options.allowed * MEGABYTE,) * 2)
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:4])

import numpy as np
import pandas as pd

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
from seqsent.datasets import make_reviews


def peak() -> float:
    """Return the peak memory of this process in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / MEGABYTE


# %%
# A large file
# ------------
# The last review of a page determines its label. The vectorizer keeps the last ``maxlen`` words.

REVIEWS_PER_PAGE = 200
PAGES_PER_CHUNK = 256


def write_pages(path: Path, n_pages: int, seed: int) -> None:
    """Write pages with the labels of their last reviews."""
    texts, labels = make_reviews(2000, return_X_y=True, random_state=seed)
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(n_pages):
            chosen = rng.integers(len(texts), size=REVIEWS_PER_PAGE)
            writer.writerow([" ".join(texts[chosen]), labels[chosen[-1]]])


def read_pages(path: Path) -> Iterator[pd.DataFrame]:
    """Yield the pages of a file in chunks."""
    yield from pd.read_csv(path, chunksize=PAGES_PER_CHUNK)


folder = tempfile.TemporaryDirectory()
train, test = Path(folder.name) / "train.csv", Path(folder.name) / "test.csv"
write_pages(test, PAGES_PER_CHUNK, seed=1)
n_chunks = max(1, round(options.megabytes * MEGABYTE / test.stat().st_size))
write_pages(train, n_chunks * PAGES_PER_CHUNK, seed=0)
size = train.stat().st_size / MEGABYTE
limit = f"memory limit: {options.allowed} MB" if options.allowed else "memory not limited"
print(f"file: {size:.0f} MB in {n_chunks} chunks, {limit}")

# %%
# Vocabulary
# ----------
# A Pipeline has no ``partial_fit``, so the steps are trained one after the other. The first
# ``transform`` completes the vocabulary.

start = time.perf_counter()
vectorizer = SequenceVectorizer(num_words=1000, maxlen=40)
for chunk in read_pages(train):
    vectorizer.partial_fit(chunk["text"])
X_test, y_test = next(
    (vectorizer.transform(chunk["text"]), chunk["label"]) for chunk in read_pages(test)
)
print(f"{len(vectorizer.vocabulary_)} words in {time.perf_counter() - start:.0f} s")

# %%
# Training
# --------
# Each pass trains on each chunk once, the last pass with a lower learning rate. The classifier can
# be pickled between chunks to resume the training later.

classifier = RecurrentSentimentClassifier(
    cell="gru", num_words=vectorizer.n_words_, batch_size=32, random_state=0
)
for number in range(1, options.passes + 1):
    start = time.perf_counter()
    if number == options.passes:
        classifier.set_params(learning_rate=0.001)
    for chunk in read_pages(train):
        X = vectorizer.transform(chunk["text"])
        classifier.partial_fit(X, chunk["label"], classes=[0, 1])
        if classifier.n_iter_ == 1:
            accuracy = classifier.score(X_test, y_test)
            print(f"first chunk: accuracy {accuracy:.3f}, peak memory {peak():.0f} MB")
    seconds = time.perf_counter() - start
    accuracy = classifier.score(X_test, y_test)
    print(f"pass {number}: accuracy {accuracy:.3f} on {len(X_test)} test pages, {seconds:.0f} s")

print(f"peak memory {peak():.0f} MB for a file of {size:.0f} MB")
folder.cleanup()
