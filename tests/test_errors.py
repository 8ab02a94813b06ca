"""Error messages for the input and the calls that users of other libraries try first."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer, make_sentiment_pipeline
from seqsent._runtime.backend import import_keras

keras = import_keras()
optimizers, callbacks = keras.optimizers, keras.callbacks

IDS = np.array([[0, 1, 5, 6], [1, 7, 8, 9], [0, 0, 1, 4]] * 4)
LABELS = [0, 1, 0] * 4
TEXTS = ["a good film", "a bad film", "not bad"] * 4
SCHEDULE = optimizers.schedules.CosineDecay(0.01, 10)


def fit(X=IDS, **parameters):
    return RecurrentSentimentClassifier(epochs=1, **parameters).fit(X, LABELS)


def frame(**columns):
    return pd.DataFrame(IDS, columns=list("abcd")).assign(**columns)


CASES = {
    "optimizer class": (
        lambda: fit(optimizer=optimizers.RMSprop),
        TypeError,
        r"optimizer is the class RMSprop .*keras.optimizers.RMSprop\(\).*'rmsprop'",
    ),
    "callback class": (
        lambda: fit(callbacks=[callbacks.TerminateOnNaN]),
        TypeError,
        r"callbacks\[0\] is the class TerminateOnNaN instead of an instance",
    ),
    "one callback": (
        lambda: fit(callbacks=callbacks.TerminateOnNaN()),
        TypeError,
        r"callbacks is a single TerminateOnNaN .*callbacks=\[callback\]",
    ),
    "no callback": (
        lambda: fit(callbacks=[print]),
        TypeError,
        r"callbacks\[0\] is builtin_function.*keras.callbacks.Callback",
    ),
    "schedule": (
        lambda: fit(learning_rate=SCHEDULE),
        TypeError,
        r"schedule \(CosineDecay\).*Adam\(schedule\).*learning_rate=None",
    ),
    "schedule class": (
        lambda: fit(learning_rate=type(SCHEDULE)),
        TypeError,
        r"schedule \(CosineDecay\)",
    ),
    "nested name": (
        lambda: make_sentiment_pipeline().set_params(classifier__optimizer__learning_rate=0.1),
        ValueError,
        r"'optimizer__learning_rate'.*optimizer has no parameters.*'learning_rate'",
    ),
    "nested name of a step": (
        lambda: SequenceVectorizer().set_params(analyzer__max_features=3),
        ValueError,
        r"analyzer has no parameters of its own.*'num_words'",
    ),
    "validation_data": (
        lambda: RecurrentSentimentClassifier().fit(IDS, LABELS, validation_data=(IDS, LABELS)),
        TypeError,
        r"'validation_data'. Pass X_val= and y_val= instead",
    ),
    "validation_split": (
        lambda: RecurrentSentimentClassifier().fit(IDS, LABELS, validation_split=0.1),
        TypeError,
        r"validation_fraction=",
    ),
    "epochs in fit": (
        lambda: RecurrentSentimentClassifier().fit(IDS, LABELS, epochs=3),
        TypeError,
        r"parameter of the estimator: RecurrentSentimentClassifier\(epochs=...\)",
    ),
    "max_epochs in partial_fit": (
        lambda: RecurrentSentimentClassifier().partial_fit(IDS, LABELS, [0, 1], max_epochs=3),
        TypeError,
        r"'max_epochs'. Did you mean 'epochs'",
    ),
    "CountVectorizer": (
        lambda: make_pipeline(CountVectorizer(), RecurrentSentimentClassifier()).fit(TEXTS, LABELS),
        TypeError,
        r"X is a sparse matrix, as CountVectorizer.*SequenceVectorizer.*make_sentiment_pipeline",
    ),
    "TfidfVectorizer": (
        lambda: make_pipeline(TfidfVectorizer(), RecurrentSentimentClassifier()).fit(TEXTS, LABELS),
        TypeError,
        r"sparse matrix.*without the order of the words",
    ),
    "dense tf-idf": (
        lambda: fit(TfidfVectorizer().fit_transform(TEXTS).toarray()),
        ValueError,
        r"whole numbers, got 0\.\d+.*TfidfVectorizer",
    ),
    "dense counts": (
        lambda: fit(np.eye(12, 30, dtype=int) + np.eye(12, 30, k=15, dtype=int)),
        ValueError,
        r"93% of X is zeros, also between numbers up to 1, like the counts of a CountVectorizer",
    ),
    "scaler": (
        lambda: make_pipeline(
            SequenceVectorizer(maxlen=4), StandardScaler(), RecurrentSentimentClassifier()
        ).fit(TEXTS, LABELS),
        ValueError,
        r"Negative values .* scaler between",
    ),
    "ragged ids": (
        lambda: fit([[1, 2], [1, 2, 3]] * 6),
        ValueError,
        r"rows of 2 to 3 ids; .*pad_sequences",
    ),
    "two columns of texts": (
        lambda: make_sentiment_pipeline().fit(pd.DataFrame({"y": LABELS, "text": TEXTS}), LABELS),
        ValueError,
        r"a DataFrame with the columns 'y', 'text'. Pass the text column alone, X\['text'\]",
    ),
    "dict of columns": (
        lambda: make_sentiment_pipeline().fit({"text": TEXTS}, LABELS),
        TypeError,
        r"a dict with the keys 'text'. Pass the text column alone, X\['text'\]",
    ),
    "rows of a data set": (
        lambda: make_sentiment_pipeline().fit([{"y": 1, "text": text} for text in TEXTS], LABELS),
        TypeError,
        r"got dict \(rows .*: \[row\['text'\] for row in X\]",
    ),
    "pyarrow table": (
        lambda: make_sentiment_pipeline().fit(
            pytest.importorskip("pyarrow").table({"y": LABELS, "t": TEXTS}), LABELS
        ),
        ValueError,
        r"a Table with the columns 'y', 't'. Pass the text column alone, X\['t'\]",
    ),
    "dict for the classifier": (
        lambda: fit({"ids": IDS}),
        TypeError,
        r"a dict with 'ids'; .*the column of rows of ids",
    ),
    "column of fractions": (
        lambda: fit(frame(stars=4.5)),
        ValueError,
        r"these columns do not: 'stars' \(float64\)",
    ),
    "column of times": (
        lambda: fit(frame(when=pd.Timestamp("2026-01-01"))),
        ValueError,
        r"'when' \(datetime64",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CASES)
def test_error_message(case):
    call, error, message = CASES[case]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "wrong", [[[1, 2], [3]], CountVectorizer().fit_transform(TEXTS), frame(stars=0.5), -IDS]
)
def test_failed_fit_and_predict_keep_the_previous_fit(wrong, small_classifier):
    model = small_classifier().fit(IDS, LABELS)
    expected = model.predict_proba(IDS)
    with pytest.raises((TypeError, ValueError)):
        model.fit(wrong, LABELS)
    with pytest.raises((TypeError, ValueError)):
        model.predict(wrong)
    np.testing.assert_array_equal(model.predict_proba(IDS), expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [20, 60])
def test_rows_of_ids_do_not_warn_of_counts(maxlen, padding):
    ids = SequenceVectorizer(maxlen=maxlen, padding=padding, oov_char=None).fit_transform(TEXTS)
    fit(ids)
    fit(np.tile([5, 0, 7, 1000, 0, 3] * 5, (12, 1)))  # zeros between ids
