"""Each example runs on few texts and prints plausible results."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews

EXAMPLES = Path(__file__).parents[1] / "examples"
CELLS = {"simple", "lstm", "gru"}
RunExample = Callable[..., str]


@pytest.fixture
def run_example(run_script: Callable[..., tuple[str, Path]]) -> RunExample:
    """Return the output of an example, which must not create files."""

    def run(name: str, *options: object) -> str:
        output, folder = run_script(EXAMPLES / name, *options)
        assert not list(folder.iterdir())
        return output

    return run


def read_table(output: str, header: str) -> pd.DataFrame:
    """Return the table that starts with a line like `header`, up to the next empty line."""
    lines = [line.strip() for line in output.splitlines()]
    start = next(i for i, line in enumerate(lines) if re.match(header, line))
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return pd.read_csv(StringIO("\n".join(lines[start:end])), sep=r"\s{2,}", engine="python")


@pytest.fixture(scope="module")
def imdb_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of synthetic reviews in the format of `fetch_imdb`."""
    home = tmp_path_factory.mktemp("imdb")
    for part, seed in (("train", 0), ("test", 1)):
        frame = make_reviews(700, as_frame=True, random_state=seed).frame
        movies = np.random.RandomState(seed).randint(200, size=len(frame))
        frame.assign(rating=1 + 9 * frame["label"], movie=movies).to_csv(
            home / f"{part}.csv", index=False
        )
    return home


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_docstring_has_a_title(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    _, rule, title, underline, empty, *_ = f"\n{ast.get_docstring(ast.parse(source))}".split("\n")
    assert rule == underline == "=" * len(title)
    assert empty == ""
    assert "\n# %%\n# " in source


def test_quickstart(run_example: RunExample) -> None:
    output = run_example("quickstart.py", "--n-samples", 600, "--epochs", 40)
    assert "600 reviews to train on, 500 to test on" in output
    text, words = (re.search(rf"^{name} *: (.*)", output, re.M)[1] for name in ("text", "words"))
    assert words.split()[0] == "[START]"
    assert words.split()[1:] == re.sub(r"[.,']", " ", text.lower()).split()

    cells = read_table(output, "cell  parameters").set_index("cell")
    assert set(cells.index) == CELLS
    assert cells["accuracy"].min() > 0.8  # the test set is balanced
    assert cells["log loss"].max() < np.log(2)
    assert cells["parameters"].is_unique

    gru = [float(x) for x in re.findall(r"^ *\S+ +\S+ +(\S+) +The film was", output, re.M)]
    dull_at_first, wonderful_at_first = gru
    assert dull_at_first > 0.5 > wonderful_at_first


def test_quickstart_imdb(run_example: RunExample, imdb_home: Path) -> None:
    options = ("--data", "imdb", "--data-home", imdb_home, "--n-samples", 300, "--epochs", 1)
    output = run_example("quickstart.py", *options)
    assert "300 reviews to train on, 300 to test on" in output
    assert set(read_table(output, "cell  parameters")["cell"]) == CELLS


def test_grid_search(run_example: RunExample) -> None:
    options = ("--n-samples", 600, "--state-dims", 8)
    output = run_example("grid_search.py", *options)
    results = read_table(output, "param_classifier__cell")
    assert set(results["param_classifier__cell"]) == CELLS
    assert set(results["param_classifier__state_dim"]) == {8}
    assert results["mean_test_score"].is_monotonic_decreasing
    assert results["mean_test_score"].max() > 0.65

    best = ast.literal_eval(re.search(r"^best: (.*)", output, re.M)[1])
    assert best["classifier__cell"] == results["param_classifier__cell"][0]
    assert float(re.search(r"on 150 test reviews: (\S+)", output)[1]) > 0.65


def test_optuna_search(run_example: RunExample) -> None:
    pytest.importorskip("optuna")
    options = ("--n-samples", 500, "--epochs", 3, "--n-trials", 6)
    output = run_example("optuna_search.py", *options)
    pattern = r"^trial +\d: (\w+) +after (\d) epochs, loss (\S+), cell (\w+),.*_rate (\S+),"
    trials = pd.DataFrame(
        re.findall(pattern, output, re.M), columns=["state", "epochs", "loss", "cell", "rate"]
    ).astype({"epochs": int, "loss": float, "rate": float})
    assert len(trials) == 6
    assert trials["rate"].between(1e-4, 0.1).all()
    pruned = trials["state"] == "PRUNED"
    assert pruned.sum() >= 1
    assert (trials["epochs"][pruned] < 3).any()
    assert (trials["epochs"][~pruned] == 3).all()
    assert f"{pruned.sum()} of 6 trials pruned; {trials['epochs'].sum()} epochs run" in output
    best = ast.literal_eval(re.search(r"^best: (.*)", output, re.M)[1])
    assert best["cell"] == trials["cell"][trials["loss"][~pruned].idxmin()]
    assert float(re.search(r"on 100 test reviews: (\S+)", output)[1]) > 0.6


@pytest.mark.parametrize("data", ["reviews", "imdb"])
def test_cross_validation_pandas(run_example: RunExample, imdb_home: Path, data: str) -> None:
    options = ("--data", data, "--data-home", imdb_home, "--n-samples", 600, "--epochs", 10)
    output = run_example("cross_validation_pandas.py", *options)
    scores = read_table(output, "mean  ")
    assert scores.loc["test_accuracy", "mean"] > 0.7
    assert scores.loc["test_roc_auc", "mean"] > 0.75
    assert scores.loc["test_neg_log_loss", "mean"] > -np.log(2)

    mistakes = read_table(output, "label  positive")
    assert len(mistakes) == 5
    assert ((mistakes["positive"] > 0.5) != mistakes["label"]).all()


def test_beat_the_linear_model(tmp_path: Path, run_example: RunExample) -> None:
    frame = make_reviews(80, as_frame=True, random_state=0).frame
    path = tmp_path / "mine.csv"
    frame.rename(columns={"text": "comment", "label": "stars"}).to_csv(path)
    options = (path, "--text", "comment", "--label", "stars", "--folds", 2)
    output = run_example("beat_the_linear_model.py", *options)
    assert "80 texts, labels: {" in output
    lines = output.strip().splitlines()
    assert lines[1].split() == ["accuracy", "std", "log", "loss", "seconds"]
    assert [line.split("  ")[0] for line in lines[2:]] == [
        "TF-IDF of words",
        "linear part of the ensemble",
        'preset="fast"',
        "ensemble",
    ]
    accuracies = [float(line.split()[-4]) for line in lines[2:]]
    assert min(accuracies) > 0.5


def test_few_labels(tmp_path: Path, run_example: RunExample) -> None:
    frame = make_reviews(200, as_frame=True, random_state=0).frame
    path = tmp_path / "mine.csv"
    labels = frame["label"].map({0: "bad", 1: "good"}).where(frame.index >= 40, "")
    frame.assign(label=labels).to_csv(path, index=False)
    output = run_example("few_labels.py", path, "--n-labels", 60, 90, "--epochs", 5)
    assert "120 labelled, 40 unlabelled and 40 test texts" in output
    lines = [line.split() for line in output.strip().splitlines()[1:]]
    assert lines[:2] == [["model", "TF-IDF", "network"], ["texts", *["labelled", "all"] * 2]]
    assert [line[0] for line in lines[3:]] == ["60", "90"]
    assert min(float(accuracy) for line in lines[3:] for accuracy in line[1:]) > 0.3


def test_few_labels_with_word_vectors_and_a_lexicon(
    tmp_path: Path, run_example: RunExample
) -> None:
    (tmp_path / "vectors.txt").write_text("the 0.1 0.2\nfilm 0.3 -0.1\ngood 0.9 0.4\n")
    (tmp_path / "words.csv").write_text("word,number\ngood,2\nbad,-3\n")
    files = ("--vectors", tmp_path / "vectors.txt", "--lexicon", tmp_path / "words.csv")
    output = run_example(
        "few_labels.py", "--n-samples", 200, "--n-labels", 60, "--epochs", 5, *files
    )
    n_labels, *accuracies = output.strip().splitlines()[-1].split()
    assert n_labels == "60"
    assert min(map(float, accuracies)) > 0.3


@pytest.mark.skipif(sys.platform != "linux", reason="the example reads /proc and limits memory")
@pytest.mark.skipif(
    import_keras().backend.backend() == "tensorflow",
    reason="Keras's global_clipnorm keeps 16 MB of each fit there, by hand too",
)
def test_train_on_a_large_file(tmp_path: Path) -> None:
    options = ("--megabytes", 80, "--allowed", 1500, "--passes", 1)
    command = [sys.executable, "-Werror", EXAMPLES / "train_on_a_large_file.py", *options]
    done = subprocess.run(list(map(str, command)), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    output = done.stdout
    size, n_chunks = re.search(r"^file: (\d+) MB in (\d+) chunks, memory", output).groups()
    assert 75 < int(size) < 85
    assert int(n_chunks) > 10
    first = re.search(r"^first chunk: accuracy \S+, peak memory (\d+) MB", output, re.M)[1]
    last = re.search(r"^peak memory (\d+) MB for a file of", output, re.M)[1]
    assert int(last) - int(first) < int(size)  # memory does not grow with the number of chunks
    assert float(re.search(r"pass 1: accuracy (\S+) on 256 test pages", output)[1]) > 0.6


def test_reproduce_tutorial(run_example: RunExample, shared_data: Path) -> None:
    if not (shared_data / "keras_imdb").is_dir():
        pytest.skip(f"no keras_imdb in {shared_data}")
    options = ("--data-home", shared_data, "--n-samples", 600, "--epochs", 2, "--cell", "simple")
    output = run_example("reproduce_tutorial.py", *options)
    assert "words: [START] this film was just brilliant casting" in output
    assert "600 reviews for training, 600 for validation" in output
    # 10,000 x 32 vectors, 32 x (32 + 32 + 1) in the cell, 33 in the last layer
    assert "simple, 322113 parameters" in output
    rows = re.findall(r"^(\d)" + r" +(\d\.\d+)" * 4 + "$", output, re.M)
    epochs = pd.DataFrame(rows, columns=["epoch", "loss", "accuracy", "val_loss", "val_accuracy"])
    epochs = epochs.astype(float)
    assert epochs["epoch"].tolist() == [1, 2]
    assert epochs["loss"].is_monotonic_decreasing
    assert epochs["accuracy"][1] > 0.55
    in_the_end = read_table(output, "cell  test accuracy")
    assert in_the_end["test accuracy"][0] == pytest.approx(epochs["val_accuracy"][1], abs=2e-4)
