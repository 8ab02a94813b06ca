"""
=================
Word attributions
=================

Which words of a review decide its prediction? Three methods give each word a score: the gradient
with respect to its vector, the change of the prediction without the word (occlusion), and
integrated gradients, which add up to the prediction. A notebook shows a ``TokenAttributionDisplay``
as colored text; ``--html`` writes this text to a file::

    python plot_attributions.py
    python plot_attributions.py --output attributions.png --html attributions.html
"""

# %%
# Options
# -------

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews
from seqsent.inspection import TokenAttributionDisplay, token_attributions, word_neighbors

parser = argparse.ArgumentParser(description="Plot word attributions.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--html", help="HTML file of the colored texts")
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Training
# --------

n_train, epochs = (300, 1) if options.quick else (2000, 8)
reviews = make_reviews(n_train + 300, random_state=0)
labels = reviews.target_names[reviews.target]
pipeline = make_sentiment_pipeline("gru", maxlen=50, batch_size=32, epochs=epochs, random_state=0)
pipeline.fit(reviews.data[:n_train], labels[:n_train])
X_test, y_test = reviews.data[n_train:], labels[n_train:]
print(f"accuracy {pipeline.score(X_test, y_test):.3f} on {len(X_test)} test reviews")

# %%
# Scores of one review
# --------------------
# :func:`~seqsent.inspection.token_attributions` returns a DataFrame with one row per token.
# ``probability`` is the predicted probability of the class for the whole text. The score is in
# log-odds: removing a word with a score of 2 multiplies the odds of the class by exp(-2), about
# one seventh.

scores = token_attributions(pipeline, "The plot was poor, the acting superb.", method="occlusion")
print(scores.round(2).to_string(index=False))

# %%
# Words with the largest scores
# -----------------------------
# These are the words with the lowest and highest mean scores among the words that occur at least
# ten times in the test reviews.

scores = token_attributions(pipeline, X_test, method="occlusion")
by_word = scores.groupby("word")["score"].agg(["mean", "count"])
by_word = by_word[by_word["count"] >= 10].sort_values("mean")
print(by_word.iloc[[0, 1, 2, -3, -2, -1]].round(2).to_string())

# %%
# Neighbors in the embedding
# --------------------------
# Words with similar vectors have similar effects.

print(word_neighbors(pipeline, "wonderful", n=5).round(2).to_string())

# %%
# Comparison of the methods
# -------------------------
# Blue words speak for a positive review, red words against it. All three plots have the same color
# scale. The first two texts have the same words in a different order: the last opinion decides.
#
# Occlusion shows what a prediction without the word would be, so that of two words that say the
# same, neither seems important. Gradients describe small changes of a vector; where the network is
# far from linear, they over- or underestimate the effect of the word. Integrated gradients
# average them and sum to the prediction.

texts = [
    "The film was dull at first, but in the end it was wonderful.",
    "The film was wonderful at first, but in the end it was dull.",
    "This hotel was great, not disappointing at all.",
]
titles = {
    "gradient": "Gradient times word vector",
    "occlusion": "Without the word",
    "integrated_gradients": "Integrated gradients",
}
for text, probability in zip(texts, pipeline.predict_proba(texts)[:, 1], strict=True):
    print(f"{probability:.2f}  {text}")

displays = [
    TokenAttributionDisplay.from_estimator(pipeline, texts, method=method) for method in titles
]
max_score = max(display.attributions["score"].abs().max() for display in displays)
figure, axes = plt.subplots(3, 1, figsize=(7.5, 8), layout="constrained", height_ratios=[4, 4, 5])
for title, display, ax in zip(titles.values(), displays, axes, strict=True):
    display.plot(ax, max_score=max_score, colorbar=ax is axes[-1])
    ax.set_title(title, loc="left", fontweight="bold")

if options.html:
    html = displays[-1]._repr_html_()
    page = f'<!DOCTYPE html><meta charset="utf-8"><title>Attributions</title>{html}'
    Path(options.html).write_text(page, encoding="utf-8")
if options.output:
    figure.savefig(options.output)
else:
    plt.show()

# %%
# In a notebook the display is colored text:

displays[-1]
