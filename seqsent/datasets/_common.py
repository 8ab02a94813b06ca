"""Cache folder, download and return value of the dataset functions."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from sklearn.utils import Bunch


def get_data_home(data_home: str | os.PathLike[str] | None) -> Path:
    """Return the folder of the data sets, which may not exist yet."""
    folder = data_home or os.environ.get("SEQSENT_DATA")
    return Path(folder or platformdirs.user_cache_path("seqsent", appauthor=False)).expanduser()


def download(url: str, sha256: str, folder: Path) -> Path:
    """Return the path of a published file in ``folder``, downloaded unless it is there already.

    Raises
    ------
    OSError
        If the connection, the server, the checksum or the disk fails. No partial file remains.
    """
    import pooch

    name = url.rpartition("/")[2]

    def downloader(url: str, output_file: str, pooch_: Any) -> None:
        os.remove(output_file)  # it has mode 0600; a new file gets its mode from the umask
        # requests, which HTTPDownloader uses, follows redirects to http and https only
        pooch.HTTPDownloader()(url, output_file, pooch_)

    try:
        return Path(pooch.retrieve(url, sha256, name, folder, downloader=downloader))
    except (OSError, ValueError) as error:
        raise OSError(
            f"Downloading {url} to {folder} failed: {error} Try again, or download the file with "
            f"a browser and move it to {folder / name}."
        ) from error


def labelled_texts(
    columns: Mapping[str, np.ndarray],
    *,
    target_names: tuple[str, ...],
    description: str,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | tuple[Any, Any]:
    """Return the columns "text", "label" and any others as scikit-learn's dataset functions do."""
    frame = None
    values: Mapping[str, Any] = columns
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame(dict(columns))
        values = {name: frame[name] for name in columns}
    data, target = values["text"], values["label"]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.array(target_names),
        frame=frame,
        DESCR=description,
        **{name: values[name] for name in columns if name not in ("text", "label")},
    )
