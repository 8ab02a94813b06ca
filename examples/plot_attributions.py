"""
====================
Which words decided?
====================

A GRU classifies reviews, and three methods say which words it owes its verdicts to: the gradient
at each word, the difference that it makes to leave a word out, and integrated gradients, whose
scores add up to the verdict. In a notebook a ``TokenAttributionDisplay`` shows itself as
coloured text; ``--html`` writes that to a file::

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

parser = argparse.ArgumentParser(description="Show which words decide a classifier's verdicts.")
parser.add_argument("--output", help="PNG to write instead of showing the figure")
parser.add_argument("--html", help="HTML file to write the coloured texts to")
parser.add_argument("--quick", action="store_true", help="few texts, to try it out")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# A network
# ---------

n_train, epochs = (300, 1) if options.quick else (2000, 8)
reviews = make_reviews(n_train + 300, random_state=0)
labels = reviews.target_names[reviews.target]
pipeline = make_sentiment_pipeline("gru", maxlen=50, batch_size=32, epochs=epochs, random_state=0)
pipeline.fit(reviews.data[:n_train], labels[:n_train])
others, true = reviews.data[n_train:], labels[n_train:]
print(f"accuracy {pipeline.score(others, true):.3f} on {len(others)} other reviews")

# %%
# Scores of many texts in one frame
# ---------------------------------
# One row per word of each text, so that pandas can answer questions about all of them: which
# words speak most clearly for and against a positive review, of those seen ten times or more?

scores = token_attributions(pipeline, others, method="occlusion")
by_word = scores.groupby("word")["score"].agg(["mean", "count"])
by_word = by_word[by_word["count"] >= 10].sort_values("mean")
print(by_word.iloc[[0, 1, 2, -3, -2, -1]].round(2).to_string())

# %%
# Neighbors of a word
# -------------------
# What the embedding makes of a word: the words that it places next to it.

print(word_neighbors(pipeline, "wonderful", n=5).round(2).to_string())

# %%
# Three methods, one figure
# -------------------------
# Blue words speak for a positive review and red ones against it. The pair has the same words in
# another order, so no list of good and bad words can tell one from the other.

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
