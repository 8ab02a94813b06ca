"""
===========================
What each cell can remember
===========================

The textbook says that a SimpleRNN forgets the beginning of a long text, because its gradient
vanishes with distance, while an LSTM and a GRU keep it. That holds for gates that start at the
time scale of the text. It does not hold for the default start of a framework: gated cells that
start so forget sooner than the SimpleRNN.

The reviews here put the verdict first and then a number of words that do not decide, opinions on
other things among them. A network is right only if it carries the verdict over that distance::

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

from seqsent import build_network, make_sentiment_pipeline
from seqsent.datasets import make_reviews
from seqsent.inspection import GradientLagDisplay, gradient_by_lag

parser = argparse.ArgumentParser(description="Compare how far back recurrent cells remember.")
parser.add_argument("--output", help="PNG to write instead of showing the figure")
parser.add_argument("--seeds", type=int, default=1, help="repetitions with other reviews")
parser.add_argument("--quick", action="store_true", help="few words and texts, to try it out")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

distances = [10] if options.quick else [20, 60, 120, 240]
n_train, n_test, epochs = (200, 100, 1) if options.quick else (3000, 1000, 8)
looked_at = 10 if options.quick else 120  # the distance at which gradients are compared

# %%
# Five networks
# -------------
# ``gate_bias="keras"`` starts an LSTM's forget gates half way open to open (a bias of 1) and a
# GRU's update gates half open, so that a new unit forgets within a few words.
# ``gate_bias="chrono"``, seqsent's default, spreads the units over time scales up to the length
# of the texts. The last state alone decides in all of them, as in the textbook; seqsent's default
# for a SimpleRNN looks at the states at all words, because the last one forgets.

networks = {
    "SimpleRNN": {"cell": "simple"},
    "LSTM, Keras's gates": {"cell": "lstm", "gate_bias": "keras"},
    "LSTM, chrono gates": {"cell": "lstm", "gate_bias": "chrono"},
    "GRU, Keras's gates": {"cell": "gru", "gate_bias": "keras"},
    "GRU, chrono gates": {"cell": "gru", "gate_bias": "chrono"},
}
settings = {"learning_rate": 0.003, "batch_size": 32, "epochs": epochs}
# What else helps to learn stays away, so that the gates alone make the difference.
settings |= {"embedding_init": "uniform", "learning_rate_schedule": "constant"}
settings |= {"global_clipnorm": None, "dropout": 0.0, "pooling": "last"}

# %%
# Accuracy over distance
# ----------------------
# Half of the reviews are positive, so 0.5 is what a guess achieves. Two verdicts in three name one
# opinion, the others two in an order that matters ("dull at first, but lovely in the end"): 0.83
# is what remembering the words without their order achieves. Whether a network gets beyond that in
# so few epochs depends on the seed, hence the option to repeat.

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
            if distance == looked_at and seed == 0:
                trained[name] = pipeline
                some_texts = texts[n_train : n_train + 100]

results = pd.DataFrame(results)
means = results.pivot_table(index="distance", columns="name", values="accuracy")[list(networks)]
print(f"accuracy on {n_test} other reviews, mean over {options.seeds} seed(s)")
print(means.round(2).to_string())

# %%
# Gradients before training
# -------------------------
# Training can only use what a gradient reports. At the start nothing tells the network where to
# look, so the gradient at a distance says whether a word there can be learned from at all.


def untrained(pipeline):
    """Return a copy of a pipeline with weights as they are before training."""
    pipeline = copy.deepcopy(pipeline)
    classifier = pipeline["classifier"]
    start = build_network(
        cell=classifier.cell,
        gate_bias=classifier.gate_bias,
        pooling=classifier.pooling,
        num_words=classifier.n_words_,
        time_scale=classifier.time_scale_,
        random_state=0,
    )
    classifier.model_.set_weights(start.get_weights())
    return pipeline


before = {name: gradient_by_lag(untrained(one), some_texts) for name, one in trained.items()}

# %%
# Gradients after training
# ------------------------
# A network that has learned the task depends most on what stands at the distance of the verdict.

after = {name: gradient_by_lag(one, some_texts) for name, one in trained.items()}
for title, curves in [("before", before), ("after", after)]:
    norms = {name: curve["mean"].get(looked_at) for name, curve in curves.items()}
    print(f"gradient at the verdict, {looked_at} words back, {title} training:")
    print(pd.Series(norms).map("{:.1e}".format).to_string())

# %%
# One figure
# ----------
# Over 120 words:
#
# - With Keras's gates the gradient of LSTM and GRU has vanished long before it reaches the verdict,
#   so there is nothing to learn from.
# - With chrono gates it is small at the start but does reach the verdict, and training raises it
#   there, above that of the words on the way.
# - The SimpleRNN's gradient reaches the verdict at the start, thanks to the orthogonal matrix that
#   it starts with. But it has no gate that keeps some words and not others, and training on all of
#   them makes it vanish.
#
# Points are single seeds, lines their means.

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
    ax.axvline(looked_at, color="gray", linewidth=1)
    ax.text(looked_at, 30, "verdict", ha="center", backgroundcolor="white")
    ax.set_title(f"How far gradients reach, {when} training")
    ax.set_ylim(1e-8, 1e2)
    ax.get_legend().remove()
right.set_ylabel("")

if options.output:
    figure.savefig(options.output, dpi=75)
else:
    plt.show()
