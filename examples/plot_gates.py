"""
==================
Gates at each word
==================

An LSTM and a GRU decide at each word how much of their state to keep and how much to replace. This
example trains both on reviews with contrasts ("dull at first, but in the end it was wonderful") and
shows their gates, the change of their state, and the prediction after each word::

    python plot_gates.py
    python plot_gates.py --output gates.png
"""

# %%
# Options
# -------

import argparse

import matplotlib.pyplot as plt

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews
from seqsent.inspection import (
    COLORS,
    GateActivationDisplay,
    RunningSentimentDisplay,
    gate_activations,
)

parser = argparse.ArgumentParser(description="Plot the gates of an LSTM and a GRU.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Training
# --------

n_train, epochs = (300, 1) if options.quick else (2000, 8)
reviews = make_reviews(n_train + 500, random_state=0)
labels = reviews.target_names[reviews.target]
pipelines = {}
for cell in ["lstm", "gru"]:
    pipeline = make_sentiment_pipeline(
        cell, maxlen=50, batch_size=32, epochs=epochs, random_state=0
    )
    pipelines[cell] = pipeline.fit(reviews.data[:n_train], labels[:n_train])
    score = pipeline.score(reviews.data[n_train:], labels[n_train:])
    print(f"{cell}: accuracy {score:.3f} on 500 test reviews")

# %%
# Gates and the change of the state
# ---------------------------------
# :func:`~seqsent.inspection.gate_activations` returns one row per word. The columns of the gates
# are means over the units, between 0 (closed) and 1 (open): a forget gate of 1 keeps the cell
# state, a forget gate of 0 erases it. ``state_change`` is the mean absolute change of the state at
# the word. (A mean of the signed state would mean nothing, because the sign of a unit is
# arbitrary.)

review = "We had dinner there on Monday. It was dull at first, but in the end it was wonderful."
gates = gate_activations(pipelines["lstm"], review)
print(gates.round(2).to_string())

# %%
# The largest changes of the state:

for cell, pipeline in pipelines.items():
    largest = gate_activations(pipeline, review)["state_change"].nlargest(3)
    print(f"{cell}:", ", ".join(f"{word} {value:.2f}" for word, value in largest.items()))

# %%
# Single units
# ------------
# ``units="all"`` returns each unit with its signed state. These units of the LSTM have the largest
# input gate at the last word, and the largest mean forget gate: they keep their state the longest.

units = gate_activations(pipelines["lstm"], review, units="all")
largest_input = units["input_gate"].iloc[-1].nlargest(3).index.to_list()
largest_forget = units["forget_gate"].mean().nlargest(3).index.to_list()
print(f"largest input gate at the last word: units {largest_input}")
print(f"largest mean forget gate: units {largest_forget}")

# %%
# Figure
# ------
# Open gates are yellow, words that change the state are dark blue. The curves below show the
# prediction if the text ended at that word.

figure, axes = plt.subplots(3, 1, figsize=(9, 8), layout="constrained", height_ratios=[4, 3, 4])
GateActivationDisplay(gates).plot(axes[0])
GateActivationDisplay.from_estimator(pipelines["gru"], review, ax=axes[1])
for ax, cell in zip(axes, ["LSTM", "GRU"], strict=False):
    ax.set(title=f"{cell}: mean over {len(units['state'].columns)} units", xlabel="")
for (cell, pipeline), style in zip(pipelines.items(), ["-", "--"], strict=True):
    display = RunningSentimentDisplay.from_estimator(pipeline, review, ax=axes[2])
    display.lines_[0].set(label=cell.upper(), color=COLORS[cell], linestyle=style)
axes[2].legend()
axes[2].set_title("Prediction after each word")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
