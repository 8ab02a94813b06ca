"""What a network remembers, and why it decides as it does.

Functions that compute and return data. They take a fitted
:class:`~seqsent.RecurrentSentimentClassifier`, which reads rows of word ids, or a fitted
:class:`~sklearn.pipeline.Pipeline` whose last step is one, which reads text.
"""

from ._attributions import token_attributions
from ._gates import gate_activations
from ._gradients import gradient_by_lag
from ._neighbors import word_neighbors
from ._running import running_sentiment
from ._states import hidden_states

__all__ = [
    "gate_activations",
    "gradient_by_lag",
    "hidden_states",
    "running_sentiment",
    "token_attributions",
    "word_neighbors",
]
