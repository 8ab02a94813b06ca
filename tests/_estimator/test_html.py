"""The HTML representation of estimators in notebooks."""

from collections.abc import Callable

import pytest
from sklearn.utils import estimator_html_repr

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer

PAGES = "https://seqsent.github.io/seqsent/generated/"


@pytest.mark.parametrize("kind", [RecurrentSentimentClassifier, SequenceVectorizer])
def test_html_links_to_the_api_page(kind: type) -> None:
    assert f'href="{PAGES}seqsent.{kind.__name__}.html"' in estimator_html_repr(kind())


def test_html_of_a_fitted_pipeline_lists_no_positions(small_pipeline: Callable) -> None:
    pipeline = small_pipeline().fit(["good", "bad"] * 5, [1, 0] * 5)
    html = estimator_html_repr(pipeline)
    assert "features</div>" not in html
    assert "sequencevectorizer0" not in html
    assert pipeline[0].get_feature_names_out()[0] == "sequencevectorizer0"


def test_html_of_a_subclass_has_no_link() -> None:
    class Mine(SequenceVectorizer):
        pass

    assert PAGES not in estimator_html_repr(Mine())
