"""Test every supported version, each in its own virtual environment.

``nox -f .ci/noxfile.py`` runs all sessions and ``-l`` lists them. ``-s oldest --
tests/test_pipeline.py -x`` runs one session and passes the arguments after ``--`` to pytest.
``.ci/run`` is the short form for each change.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OLDEST_PYTHON = PYTHONS[0]  # old packages have no wheels for later Pythons
OLDER = [
    "scikit-learn==1.6.*",
    "scikit-learn==1.7.*",
    "pandas==2.*",
    "numpy==2.0.*",
    "keras==3.10.*",
    "jax==0.6.2",
]
SHOW_VERSIONS = "import seqsent; seqsent.show_versions()"
BACKENDS = {"tensorflow": ["tensorflow-cpu", "tf2onnx"], "torch": ["torch==2.13.0"]}

nox.needs_version = ">=2024.4"
nox.options.error_on_missing_interpreters = False  # skip them with a message
if pyenv := shutil.which("pyenv"):  # its shims run selected versions only
    found = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True)
    os.environ["PYENV_VERSION"] = ":".join(found.stdout.split())


def run_pytest(session: nox.Session, *default: str, **environment: str) -> None:
    """Run the tests given after ``--``, or else the default ones, or else all.

    Programs are compiled as users compile them, see XLA_FLAGS in tests/conftest.py.
    """
    session.chdir(ROOT)
    arguments = session.posargs or [*default, "-n", "2"]
    session.run("python", "-c", SHOW_VERSIONS)
    session.run("python", "-m", "pytest", "-q", *arguments, env={"XLA_FLAGS": "", **environment})


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Test the newest dependencies on every Python."""
    session.install("-e", f"{ROOT}[test]")
    run_pytest(session)


@nox.session(python=OLDEST_PYTHON)
@nox.parametrize("requirement", OLDER, ids=OLDER)
def one_older(session: nox.Session, requirement: str) -> None:
    """Test one older dependency with the newest versions of the others."""
    session.install("-e", f"{ROOT}[test]", requirement)
    run_pytest(session)


@nox.session(python=OLDEST_PYTHON)
def oldest(session: nox.Session) -> None:
    """Test the oldest version of every dependency in pyproject.toml."""
    # matplotlib 3.9 uses names that pyparsing 3.3 deprecates
    session.install("-e", f"{ROOT}[core-test]", *floors("core-test", "plot"), "pyparsing<3.3")
    run_pytest(session)


@nox.session(python=OLDEST_PYTHON)
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def backends(session: nox.Session, backend: str) -> None:
    """Test the TensorFlow and PyTorch backends."""
    session.install("-e", f"{ROOT}[test]", *BACKENDS[backend])
    run_pytest(session, KERAS_BACKEND=backend)


@nox.session(python=OLDEST_PYTHON)
def properties(session: nox.Session) -> None:
    """Run the Hypothesis tests with many more inputs (ten minutes)."""
    session.install("-e", f"{ROOT}[test]")
    run_pytest(session, "-m", "hypothesis", HYPOTHESIS_PROFILE="long")


@nox.session(python=OLDEST_PYTHON)
def docs(session: nox.Session) -> None:
    """Run the code of the guide and build the site, into the folder given after ``--``."""
    source = ROOT / ".ci" / "docs"
    for name in ("gallery", "generated"):  # pages of names that no longer exist
        shutil.rmtree(source / name, ignore_errors=True)
    session.install("-e", f"{ROOT}[docs,core-test]")
    session.run("python", "-m", "pytest", "-q", str(source / "guide"))
    [folder] = session.posargs or [str(Path(session.create_tmp()) / "html")]
    session.run("python", "-m", "sphinx", "-W", "-b", "html", str(source), folder)
    session.log(f"written to {folder}")


@nox.session(python=OLDEST_PYTHON)
def wheel(session: nox.Session) -> None:
    """Build the distributions, check their contents, and run the wheel without the checkout."""
    dist = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.install("build", "twine")
    session.run("python", "-m", "build", "--outdir", str(dist), str(ROOT))
    session.run("twine", "check", "--strict", *map(str, dist.iterdir()))
    [built], [source] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    check_wheel(session, built)
    check_source(session, source)
    session.run("python", "-m", "pip", "uninstall", "--yes", "--quiet", "build", "twine")
    session.install(str(built))
    session.chdir(dist)
    session.run("python", "-c", SHOW_VERSIONS)
    session.run("python", str(ROOT / "examples" / "quickstart.py"), "--epochs", "2")


def check_wheel(session: nox.Session, path: Path) -> None:
    """Require the modules, ``py.typed`` and the metadata, and no other file."""
    names = set(zipfile.ZipFile(path).namelist())
    expected = re.compile(r"seqsent/(.*\.py|py\.typed)|seqsent-[^/]*\.dist-info/.*")
    if others := {name for name in names if not expected.fullmatch(name)}:
        session.error(f"the wheel contains unexpected files: {sorted(others)}")
    if "seqsent/py.typed" not in names:
        session.error("the wheel lacks seqsent/py.typed")


def check_source(session: nox.Session, path: Path) -> None:
    """Require every file of the repository, so that the tests can be run."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    listed = session.run("git", "-C", str(ROOT), "ls-files", external=True, silent=True)
    if missing := set(listed.splitlines()) - names:
        session.error(f"the source archive lacks {sorted(missing)}")


@nox.session(python=OLDEST_PYTHON)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in the oldest and in the newest dependencies."""
    session.install("pip-audit")
    folder = Path(session.create_tmp())
    for name, requirements in [("oldest", floors()), ("newest", PROJECT["dependencies"])]:
        path = folder / f"{name}.txt"
        path.write_text("\n".join(requirements), encoding="utf-8")
        # strict: fail if a package cannot be audited
        session.run("pip-audit", "--strict", "--requirement", str(path), *session.posargs)


def floors(*extras: str) -> list[str]:
    """Return the dependencies, also of the extras, each pinned to its oldest version."""
    requirements = PROJECT["dependencies"] + [r for extra in extras for r in EXTRAS[extra]]
    return [r.replace(">=", "==") for r in requirements if not r.startswith("seqsent")]
