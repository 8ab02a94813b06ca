"""
================================
How far back each cell remembers
================================

A SimpleRNN forgets the beginning of a long text, because its gradient vanishes with distance. An
LSTM and a GRU remember it if their gates are initialized for the length of the texts (chrono
initialization). With Keras's initial gates they forget sooner than the SimpleRNN.

Each review starts with the verdict, followed by ``distance`` words that do not affect the label,
including opinions about other subjects. A network has to remember the verdict to the end::

    python plot_cells_and_memory.py
    python plot_cells_and_memory.py --output cells_and_memory.png --seeds 3
"""

# %%
# Options
# -------

import argparse
import copy

import matplotlib.pyplot as plt
import pandas as pd

from seqsent import build_network, make_sentiment_pipeline  # before keras, because it selects JAX
from seqsent.datasets import make_reviews
from seqsent.inspection import GradientLagDisplay, gradient_by_lag

import keras  # isort: skip

parser = argparse.ArgumentParser(description="Compare the memory of recurrent cells.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--seeds", type=int, default=1, help="number of repetitions")
parser.add_argument("--quick", action="store_true", help="use few and short texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

distances = [10] if options.quick else [20, 60, 120, 240]
n_train, n_test, epochs = (200, 100, 1) if options.quick else (3000, 1000, 8)
gradient_distance = 10 if options.quick else 120  # of the gradient plots

# %%
# Five networks
# -------------
# ``gate_bias="keras"`` sets the bias of an LSTM's forget gate to 1 and of a GRU's update gate to 0,
# so that an untrained unit forgets within a few words. ``gate_bias="chrono"``, the default, draws
# the biases for time scales up to the length of the texts. All networks use the last state only.
# (The default for a SimpleRNN pools the states at all words, because the last state forgets.)

networks = {
    "SimpleRNN": {"cell": "simple"},
    "LSTM, Keras's gates": {"cell": "lstm", "gate_bias": "keras"},
    "LSTM, chrono gates": {"cell": "lstm", "gate_bias": "chrono"},
    "GRU, Keras's gates": {"cell": "gru", "gate_bias": "keras"},
    "GRU, chrono gates": {"cell": "gru", "gate_bias": "chrono"},
}
# The networks differ in the cell and the gates only, without other improvements. An optimizer
# instance has a constant learning rate and no gradient clipping.
settings = {"optimizer": keras.optimizers.Adam(0.003), "batch_size": 32, "epochs": epochs}
settings |= {"embedding_init": "uniform", "dropout": 0.0, "pooling": "last"}

# %%
# Accuracy by distance
# --------------------
# A random guess achieves 0.5. Two thirds of the verdicts contain one opinion. The others contain
# two opinions, and their order determines the label ("dull at first, but lovely in the end"), so
# that the words without their order achieve 0.83. Results depend on the seed: see ``--seeds``.

results = []
trained = {}
for seed in range(options.seeds):
    for distance in distances:
        texts, labels = make_reviews(
            n_train + n_test, distance=distance, noise=0, return_X_y=True, random_state=seed
        )
        for name, parameters in networks.items():
            pipeline = make_sentiment_pipeline(
                maxlen=distance + 20, random_state=seed, **settings, **parameters
            )
            pipeline.fit(texts[:n_train], labels[:n_train])
            score = pipeline.score(texts[n_train:], labels[n_train:])
            results.append({"distance": distance, "name": name, "seed": seed, "accuracy": score})
            if distance == gradient_distance and seed == 0:
                trained[name] = pipeline
                some_texts = texts[n_train : n_train + 100]

results = pd.DataFrame(results)
means = results.pivot_table(index="distance", columns="name", values="accuracy")[list(networks)]
print(f"accuracy on {n_test} test reviews, mean of {options.seeds} seed(s)")
print(means.round(2).to_string())

# %%
# Gradients before training
# -------------------------
# A network can only learn from words with a nonzero gradient. The gradient of an untrained network
# shows whether it can learn from a word at a given distance.


def untrained(pipeline):
    """Return a copy of a pipeline with initial weights."""
    pipeline = copy.deepcopy(pipeline)
    classifier = pipeline["classifier"]
    network = build_network(
        cell=classifier.cell,
        gate_bias=classifier.gate_bias,
        pooling=classifier.pooling,
        num_words=classifier.n_words_,
        time_scale=classifier.time_scale_,
        random_state=0,
    )
    classifier.model_.set_weights(network.get_weights())
    return pipeline


before = {name: gradient_by_lag(untrained(one), some_texts) for name, one in trained.items()}

# %%
# Gradients after training
# ------------------------
# The gradient of a network that has learned the task is largest at the verdict.

after = {name: gradient_by_lag(one, some_texts) for name, one in trained.items()}
for title, curves in [("before", before), ("after", after)]:
    norms = {name: curve["mean"].get(gradient_distance) for name, curve in curves.items()}
    print(f"gradient at a distance of {gradient_distance} words {title} training:")
    print(pd.Series(norms).map("{:.1e}".format).to_string())

# %%
# Figure
# ------
# At a distance of 120 words:
#
# - With Keras's gates the gradients of LSTM and GRU vanish before the verdict: there is nothing to
#   learn from.
# - With chrono gates the gradient at the verdict is small before training, and larger than at the
#   words in between after training.
# - The gradient of the SimpleRNN reaches the verdict before training, because its recurrent matrix
#   is orthogonal, and decreases during training: without gates it cannot ignore words.
#
# Points are single seeds, lines are means.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
styles = {
    "SimpleRNN": {"color": "black", "linestyle": "-", "marker": "o"},
    "LSTM, Keras's gates": {"color": "#0072B2", "linestyle": ":", "marker": "v"},
    "LSTM, chrono gates": {"color": "#0072B2", "linestyle": "-", "marker": "^"},
    "GRU, Keras's gates": {"color": "#D55E00", "linestyle": ":", "marker": "s"},
    "GRU, chrono gates": {"color": "#D55E00", "linestyle": "-", "marker": "D"},
}
for name, style in styles.items():
    left.plot(distances, means[name], label=name, markersize=5, **style)
    each = results[results["name"] == name]
    left.scatter(each["distance"], each["accuracy"], color=style["color"], s=6, alpha=0.6)
left.axhline(0.5, color="gray", linewidth=1)
left.set(
    title="Does it remember the verdict?",
    xlabel="Distance from the verdict to the end (words)",
    ylabel=f"Accuracy on {n_test} other reviews"
    + (f", mean of {options.seeds} seeds" if options.seeds > 1 else ""),
    ylim=(0.4, 1.03),
)
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)

for when, ax, curves in [("before", middle, before), ("after", right, after)]:
    display = GradientLagDisplay(curves).plot(ax, bands=False)
    for line in display.lines_:
        line.set(**styles[line.get_label()], markevery=0.15, markersize=5)
    ax.axvline(gradient_distance, color="gray", linewidth=1)
    ax.text(gradient_distance, 30, "verdict", ha="center", backgroundcolor="white")
    ax.set_title(f"How far gradients reach, {when} training")
    ax.set_ylim(1e-8, 1e2)
    ax.get_legend().remove()
right.set_ylabel("")

if options.output:
    figure.savefig(options.output, dpi=75)
else:
    plt.show()
