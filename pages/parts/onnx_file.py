"""A network's ONNX file: made by the compute pool, kept on disk for all sessions, read when it is downloaded."""

import hashlib
import secrets
from pathlib import Path

from cnncore import compute
from cnncore.architecture import Network
from cnncore.atomic import replace
from cnncore.errors import InputError
from cnncore.home import home

KEPT = 4  # files; the largest one that a page makes has 240 MB


def onnx_file(network: Network, run_id: str | None, saved: int) -> Path:
    """Return the ONNX file of `network` with the weights of the run `run_id`, else fresh ones; made where it is not.

    `saved` is when the run's checkpoint was written. The newest `KEPT` files stay. Errors are those of
    `cnncore.architecture.onnx.to_onnx`, and an `InputError` where there is no room.
    """
    key = hashlib.sha256(f"{network.to_json()} {run_id} {saved}".encode()).hexdigest()[:20]
    path = home() / "onnx" / f"{key}.onnx"
    if path.exists():
        return path
    content: bytes = compute.call("cnncore.architecture.onnx:to_onnx", timeout=240.0, network=network, run_id=run_id)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"`onnx` (={len(content) / 1e6:,.0f} MB) cannot be written to {path.parent} ({error.strerror or error}): "
            "free disk space, or set CNNCORE_HOME to a folder with room that can be written to."
        ) from error
    for older in sorted(path.parent.glob("*.onnx"), key=lambda file: file.stat().st_mtime_ns)[:-KEPT]:
        older.unlink(missing_ok=True)
    return path
