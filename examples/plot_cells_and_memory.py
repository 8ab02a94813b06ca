"""
================================
How far back each cell remembers
================================

Each review starts with a verdict, such as "I hated it". Words follow that do not affect the label.
A recurrent network has to remember the verdict to the end. This example shows how far an LSTM, a
GRU and a SimpleRNN remember, and why: a network can only learn from a word if the gradient of its
prediction reaches the word.

The initial gates decide how far the gradient reaches. ``gate_bias="keras"`` is Keras's
initialization, with which a unit forgets within a few words. ``gate_bias="chrono"``, the default,
initializes the gates for the length of the texts::

    python plot_cells_and_memory.py
    python plot_cells_and_memory.py --distances 20 60 120 240 --n-train 3000
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
from seqsent.inspection import COLORS, GradientLagDisplay, gradient_by_lag

import keras  # isort: skip

parser = argparse.ArgumentParser(description="Compare the memory of recurrent cells.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--distances", type=int, nargs="+", default=[10, 30, 120], help="in words")
parser.add_argument("--n-train", type=int, default=1500, help="number of training reviews")
parser.add_argument("--seeds", type=int, default=1, help="number of repetitions")
parser.add_argument("--quick", action="store_true", help="use few and short texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

if options.quick:
    options.distances, options.n_train = [10], 200
n_test, epochs = (100, 1) if options.quick else (500, 8)

# %%
# Reviews with a distant verdict
# ------------------------------
# ``distance`` is the number of words after the verdict. Some of them are opinions about other
# subjects, which a network has to ignore. Two thirds of the verdicts contain one opinion; the
# others contain two, and their order determines the label ("dull at first, but lovely in the end").
# A random guess has an accuracy of 0.5.

texts, labels = make_reviews(2, distance=20, noise=0, return_X_y=True, random_state=1)
for text, label in zip(texts, labels, strict=True):
    print(label, text)

# %%
# Five networks
# -------------
# The networks differ in the cell and the gates only. Everything else that helps is switched off: an
# optimizer instance has a constant learning rate and no gradient clipping, and ``pooling="last"``
# passes the last state alone to the output layer. (By default a SimpleRNN pools the states at all
# words, because its last state forgets.)

networks = {
    "SimpleRNN": {"cell": "simple"},
    "LSTM, Keras's gates": {"cell": "lstm", "gate_bias": "keras"},
    "LSTM, chrono gates": {"cell": "lstm", "gate_bias": "chrono"},
    "GRU, Keras's gates": {"cell": "gru", "gate_bias": "keras"},
    "GRU, chrono gates": {"cell": "gru", "gate_bias": "chrono"},
}
settings = {"optimizer": keras.optimizers.Adam(0.003), "batch_size": 32, "epochs": epochs}
settings |= {"embedding_init": "uniform", "dropout": 0.0, "word_dropout": 0.0, "pooling": "last"}

# %%
# Accuracy by distance
# --------------------
# Each network is trained for each distance. The networks of one distance are kept for the gradients
# below: the longest one up to 120 words.

gradient_distance = max(d for d in options.distances if d <= 120)
results = []
trained = {}
for seed in range(options.seeds):
    for distance in options.distances:
        texts, labels = make_reviews(
            options.n_train + n_test, distance=distance, noise=0, return_X_y=True, random_state=seed
        )
        train, test = slice(options.n_train), slice(options.n_train, None)
        for name, parameters in networks.items():
            pipeline = make_sentiment_pipeline(
                maxlen=distance + 20, random_state=seed, **settings, **parameters
            )
            pipeline.fit(texts[train], labels[train])
            score = pipeline.score(texts[test], labels[test])
            print(f"seed {seed}, distance {distance}: {name:20} {score:.2f}", flush=True)
            results.append({"distance": distance, "name": name, "seed": seed, "accuracy": score})
            if distance == gradient_distance and seed == 0:
                trained[name] = pipeline
                some_texts = texts[test][:100]

results = pd.DataFrame(results)
means = results.pivot_table(index="distance", columns="name", values="accuracy")[list(networks)]
print(f"\naccuracy on {n_test} test reviews, mean of {options.seeds} seed(s)")
print(means.round(2).to_string())

# %%
# Gradients before and after training
# -----------------------------------
# :func:`~seqsent.inspection.gradient_by_lag` returns the norm of the gradient by the distance of a
# word from the end. The gradient of an untrained network shows whether the network can learn from
# the verdict at all.


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
after = {name: gradient_by_lag(one, some_texts) for name, one in trained.items()}
for title, curves in [("before", before), ("after", after)]:
    norms = {name: curve["mean"].get(gradient_distance) for name, curve in curves.items()}
    print(f"gradient at a distance of {gradient_distance} words {title} training:")
    print(pd.Series(norms).map("{:.1e}".format).to_string())

# %%
# Figure
# ------
# The color shows the cell, the line style the gates. In the left plot the networks of one
# distance are next to each other, because several of them are as good as a random guess.
#
# - With Keras's gates (dotted) the gradients of LSTM and GRU vanish before they reach a distant
#   verdict: there is nothing to learn from, and the accuracy stays at 0.5.
# - With chrono gates (solid) the gradient at the verdict is small before training, and larger than
#   at the words in between after training: the network has learned which word matters.
# - The gradient of the SimpleRNN reaches the verdict before training, because its recurrent matrix
#   is orthogonal. But without gates it cannot ignore the words in between.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained")
markers = {"simple": "o", "lstm": "^", "gru": "s"}
styles = {
    name: {
        "color": COLORS[parameters["cell"]],
        "marker": markers[parameters["cell"]],
        "linestyle": ":" if parameters.get("gate_bias") == "keras" else "-",
        "markerfacecolor": "white" if parameters.get("gate_bias") == "keras" else None,
        "markersize": 6,
    }
    for name, parameters in networks.items()
}
positions = range(len(options.distances))
for index, (name, style) in enumerate(styles.items()):
    places = [position + 0.09 * (index - 2) for position in positions]
    left.plot(places, means[name], label=name, **style)
    ranges = results[results["name"] == name].groupby("distance")["accuracy"].agg(["min", "max"])
    left.vlines(places, ranges["min"], ranges["max"], color=style["color"], alpha=0.4, linewidth=3)
left.axhline(0.5, color="gray", linewidth=1, linestyle="--", zorder=0)
left.text(0.03, 0.03, "dashed: random guess", color="gray", transform=left.transAxes)
left.set_xticks(positions, options.distances)
left.set(
    title="Accuracy",
    xlabel="Words after the verdict",
    ylabel="Accuracy on other reviews"
    + (f" (mean and range of {options.seeds} seeds)" if options.seeds > 1 else ""),
    xlim=(-0.45, len(options.distances) - 0.55),
    ylim=(0.4, 1.03),
)
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)

for when, ax, curves in [("before", middle, before), ("after", right, after)]:
    display = GradientLagDisplay(curves).plot(ax, bands=False)
    for line in display.lines_:
        line.set(**styles[line.get_label()], markevery=0.15)
    ax.axvline(gradient_distance, color="gray", linewidth=1, zorder=0)
    ax.text(gradient_distance, 30, "verdict", ha="center", backgroundcolor="white")
    ax.set(title=f"Gradient {when} training", ylim=(1e-8, 1e2))
    ax.get_legend().remove()
right.set_ylabel("")

if options.output:
    figure.savefig(options.output, dpi=75)
else:
    plt.show()
