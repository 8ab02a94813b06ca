"""Texts to try, and what rows are compared with."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def texts():
    return ["A good film", "Not good, not good at all!", "", "a dull, dull, dull story"]


@pytest.fixture(scope="session")
def pad_sequences():
    """`keras.utils.pad_sequences`, without Keras; test_rows_of_keras holds it to the real one."""

    def pad(sequences, maxlen, padding, truncating):
        rows = np.zeros((len(sequences), maxlen), dtype=np.int32)
        for row, ids in zip(rows, sequences, strict=True):
            ids = ids[-maxlen:] if truncating == "pre" else ids[:maxlen]
            if ids:
                row[slice(-len(ids), None) if padding == "pre" else slice(len(ids))] = ids
        return rows

    return pad
