import errno
import os

import pytest

from craft_desktop.host.envd.faults import http_fault, rpc_fault


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOENT, 404, "not_found"),
        (errno.ENOSPC, 507, "resource_exhausted"),
        (errno.EDQUOT, 507, "resource_exhausted"),
        (errno.EISDIR, 400, "invalid_argument"),
        (errno.EACCES, 403, "permission_denied"),
        (errno.EIO, 500, "internal"),
    ],
)
def test_file_errors(number: int, status: int, code: str) -> None:
    error = OSError(number, os.strerror(number))
    assert http_fault(error, "/p").status == status
    fault = rpc_fault(error, "/p")
    assert fault.code == code
    assert "/p" in fault.message
