"""Opening HDF5 files on file systems without locks, and beside other programs that write."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from napari_hicstruct.errors import MapError

if TYPE_CHECKING:
    import h5py

_NO_LOCKS = {
    getattr(errno, name)
    for name in ("ENOLCK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EIO", "EBADF", "ESTALE")
    if hasattr(errno, name)
}
_HELD = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}
_ERRNO = re.compile(r"errno = (\d+)")


def open_h5(path: str) -> h5py.File:
    """Open a file for reading; without a lock where the file system has none.

    Raises
    ------
    MapError
        If another program is writing it, or did not close it.
    OSError
        If it is damaged.
    """
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        text = str(error)
        number = _lock_errno(text)
        if number in _HELD:
            raise MapError(
                "is being written by another program.", where=path, hint="Wait until that is done, then open it again."
            ) from error
        if number in _NO_LOCKS:
            return h5py.File(path, "r", locking=False)
        if "already open for write" in text or "h5clear" in text:
            raise MapError(
                "is being written by another program, or that program died.",
                where=path,
                hint="Wait until it is done; if it died: h5clear -s FILE, or make the file again.",
            ) from error
        raise


def _lock_errno(text: str) -> int | None:
    """The system's error number if locking is what failed."""
    if "unable to lock file" not in text:
        return None
    found = _ERRNO.search(text)
    return int(found.group(1)) if found else None
