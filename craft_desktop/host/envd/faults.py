"""The two ways a request is refused: as plain HTTP, or in the words of the Connect protocol.

Exception
 +- HttpFault   an HTTP status and a sentence: `/files`, `/init`, and whatever is refused before a service
 +- RpcFault    a Connect code and a sentence: the services
"""

import errno


class HttpFault(Exception):
    """A request refused with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class RpcFault(Exception):
    """A call refused with a Connect code, such as `not_found` (connectrpc.com/docs/protocol, error codes)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# The disk or its quota is full: E2B tells both as 507.
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
# What the caller asked for cannot be, whatever the state of this machine.
_BAD_REQUEST = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.EEXIST})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def http_fault(error: OSError, path: object) -> HttpFault:
    """Translate a file error to the status that the SDK understands."""
    message = f"{path}: {error.strerror or error}"
    if error.errno in _NO_SPACE:
        return HttpFault(507, f"not enough space: {message}")
    if error.errno == errno.ENOENT:
        return HttpFault(404, f"path '{path}' does not exist")
    if error.errno in _BAD_REQUEST:
        return HttpFault(400, message)
    if error.errno in _FORBIDDEN:
        return HttpFault(403, message)
    return HttpFault(500, message)


_RPC_CODES = {404: "not_found", 400: "invalid_argument", 403: "permission_denied", 507: "resource_exhausted"}


def rpc_fault(error: OSError, path: object) -> RpcFault:
    """Translate a file error to the code that the SDK understands."""
    fault = http_fault(error, path)
    return RpcFault(_RPC_CODES.get(fault.status, "internal"), fault.message)
