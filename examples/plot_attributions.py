"""
=================
Word attributions
=================

Three methods attribute the prediction of a GRU to the words of a review: the gradient with respect
to each word vector, the change of the prediction without the word (occlusion), and integrated
gradients, which add up to the prediction. A notebook shows a ``TokenAttributionDisplay`` as
coloured text. ``--html`` writes this text to a file::

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
parser.add_argument("--html", help="HTML file of the coloured texts")
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
# Words with the largest scores
# -----------------------------
# ``token_attributions`` returns a DataFrame with one row per token. These are the words with the
# lowest and highest mean scores among the words that occur at least ten times.

scores = token_attributions(pipeline, X_test, method="occlusion")
by_word = scores.groupby("word")["score"].agg(["mean", "count"])
by_word = by_word[by_word["count"] >= 10].sort_values("mean")
print(by_word.iloc[[0, 1, 2, -3, -2, -1]].round(2).to_string())

# %%
# Neighbors in the embedding
# --------------------------

print(word_neighbors(pipeline, "wonderful", n=5).round(2).to_string())

# %%
# Comparison of the methods
# -------------------------
# Blue words increase the probability of a positive review, red words decrease it. The first two
# texts have the same words in a different order.

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

figure, axes = plt.subplots(3, 1, figsize=(7.5, 8), layout="constrained")
for (method, title), ax in zip(titles.items(), axes, strict=True):
    display = TokenAttributionDisplay.from_estimator(pipeline, texts, method=method)
    display.plot(ax)
    ax.set_title(title)

if options.html:
    page = (
        f'<!DOCTYPE html><meta charset="utf-8"><title>Attributions</title>{display._repr_html_()}'
    )
    Path(options.html).write_text(page, encoding="utf-8")
if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
