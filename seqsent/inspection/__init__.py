"""Inspect a fitted network: gates, states, gradients and word scores.

Each function returns data, and each Display class draws it. They accept a fitted
:class:`~seqsent.RecurrentSentimentClassifier`, which takes rows of word ids, or a fitted
:class:`~sklearn.pipeline.Pipeline` that ends in one, which takes text.

Displays draw words of every language for which matplotlib finds a font, such as Noto Sans CJK for
Chinese, Japanese and Korean. Versions of matplotlib before 3.11 draw Arabic letters unconnected and
from left to right.
"""

from ._attribution_display import TokenAttributionDisplay
from ._attributions import token_attributions
from ._axes import COLORS as COLORS  # of cells and models in the figures of the examples
from ._gate_display import GateActivationDisplay
from ._gates import gate_activations
from ._gradient_display import GradientLagDisplay
from ._gradients import gradient_by_lag
from ._history_display import TrainingHistoryDisplay
from ._neighbors import word_neighbors
from ._running import running_sentiment
from ._running_display import RunningSentimentDisplay
from ._states import hidden_states

__all__ = [
    "GateActivationDisplay",
    "GradientLagDisplay",
    "RunningSentimentDisplay",
    "TokenAttributionDisplay",
    "TrainingHistoryDisplay",
    "gate_activations",
    "gradient_by_lag",
    "hidden_states",
    "running_sentiment",
    "token_attributions",
    "word_neighbors",
]
