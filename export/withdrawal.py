"""Taking the newest version back, so that the one before it is served again."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from rmfn_tf.export.flushing import flush_one
from rmfn_tf.export.versions import WITHDRAWN_PREFIX, published_versions, version_folders


@dataclass(frozen=True)
class Withdrawal:
    """What was withdrawn.

    Attributes:
        version: Its number, which no later version gets.
        kept_as: Where it lies now, under a name that TensorFlow Serving ignores.
        served: The newest version that is left, or None.
    """

    version: int
    kept_as: Path
    served: int | None


def withdraw(directory: str | os.PathLike[str], *, force: bool = False) -> Withdrawal:
    """Take the newest version of a model folder out of a server's sight, in one step.

    Nothing is lost: the version is renamed to `.withdrawn-<number>`, and can be renamed back. Its
    number is not given again, for a client that remembers answers by version must not take
    another model's for them; the folder keeps it, so leave it there until a newer version is
    published.

    Args:
        directory: The model folder.
        force: Withdraw the version even where it is the only one. By default that is refused: there
            is none to go back to, and a server would unload the model and answer NOT_FOUND.

    Raises:
        ValueError: No versions, or a single one without `force`.
        OSError: The folder cannot be written, or has a withdrawn version of this number.
    """
    directory = Path(directory)
    versions = sorted(version_folders(directory))
    if not versions:
        raise ValueError(
            f"{directory} has no versions: name the model folder, which holds 1/, 2/, ..."
        )
    numbers = [number for number in published_versions(directory) if number > versions[-1][0]]
    newer = [path for number in numbers if (path := directory / str(number)).is_dir()]
    if newer:
        raise ValueError(
            f"{newer[0]} is a link, and a server takes it for a newer version: remove it by hand."
        )
    if len(versions) == 1 and not force:
        raise ValueError(
            f"version {versions[0][0]} is the only one in {directory}: without it nothing would be "
            "served. Publish a better one, or withdraw it all the same with force (--force)."
        )
    number, folder = versions[-1]
    kept_as = directory / f"{WITHDRAWN_PREFIX}{number}"
    try:
        folder.rename(kept_as)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(
            error.errno, f"cannot withdraw version {number} of {directory}: {reason}"
        ) from error
    with contextlib.suppress(OSError):  # as a publisher: the new name counts already
        flush_one(directory)
    left = [version for version, _ in version_folders(directory)]
    return Withdrawal(number, kept_as, max(left, default=None))
