"""
===============================
What the gates do, word by word
===============================

An LSTM and a GRU learn reviews in which a contrast decides ("dull at first, but in the end it
was wonderful"). The figure shows what their gates do at each word of such a review, and how the
verdict turns::

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
    GateActivationDisplay,
    RunningSentimentDisplay,
    gate_activations,
)

parser = argparse.ArgumentParser(description="Show the gates of an LSTM and a GRU.")
parser.add_argument("--output", help="PNG to write instead of showing the figure")
parser.add_argument("--quick", action="store_true", help="few texts, to try it out")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Two networks
# ------------

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
    print(f"{cell}: accuracy {score:.3f} on 500 other reviews")

# %%
# The gates as a table
# --------------------
# One row per word, one column per gate, averaged over the units. Close to 1 the forget gate
# keeps what is on the conveyor belt; where it drops, the past is wiped off.

review = "We had dinner there on Monday. It was dull at first, but in the end it was wonderful."
gates = gate_activations(pipelines["lstm"], review)
print(gates.round(2).to_string())

# %%
# Which units react to the contrast
# ---------------------------------
# All units one by one: which write most at the verdict, and which keep most?

units = gate_activations(pipelines["lstm"], review, units="all")
writing = units["input_gate"].iloc[-1].nlargest(3).index.to_list()
keeping = units["forget_gate"].mean().nlargest(3).index.to_list()
print(f"units that write most at the last word: {writing}")
print(f"units that keep most over the whole text: {keeping}")

# %%
# One figure
# ----------
# The words are the same from top to bottom. A gate that is open is yellow; signed values are
# red below zero and blue above.

figure, axes = plt.subplots(3, 1, figsize=(9, 8.5), layout="constrained", height_ratios=[6, 4, 4])
GateActivationDisplay(gates).plot(axes[0])
GateActivationDisplay.from_estimator(pipelines["gru"], review, ax=axes[1])
for ax, cell in zip(axes, ["LSTM", "GRU"], strict=False):
    ax.set(title=f"{cell}: mean over {len(units['state'].columns)} units", xlabel="")
for (cell, pipeline), color, style in zip(
    pipelines.items(), ["#0072B2", "#D55E00"], ["-", "--"], strict=True
):
    display = RunningSentimentDisplay.from_estimator(pipeline, review, ax=axes[2])
    display.lines_[0].set(label=cell.upper(), color=color, linestyle=style)
axes[2].legend()
axes[2].set_title("The verdict so far")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
