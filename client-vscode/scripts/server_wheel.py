"""Makes the wheel that the extension brings along: Heatline's own, without what only trains and studies probes.

``python server_wheel.py WHEEL FOLDER`` writes a wheel of the same name into ``FOLDER``.  Standard library alone.

Its files are stored as they are: the extension's package compresses the whole of it, which finds what the many small
files have in common, and gives 60 kB less than compressing each of them before.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path, PurePosixPath

LEFT_OUT = "heatline_probes"
LEFT_OUT_COMMAND = "heatline-probes"


def server_wheel(wheel: Path, folder: Path) -> Path:
    """The path of the smaller wheel.  Byte for byte the same for the same input."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wheel.name
    part = target.with_name(target.name + ".part")
    rows: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(part, "w") as made:
        record = next(name for name in source.namelist() if name.endswith(".dist-info/RECORD"))
        for entry in source.infolist():
            if PurePosixPath(entry.filename).parts[0] == LEFT_OUT or entry.filename == record:
                continue
            content = source.read(entry)
            if entry.filename.endswith(".dist-info/entry_points.txt"):
                content = _without_command(content)
            if entry.filename.endswith(".json"):
                content = _compact(content)
            made.writestr(_stamped(entry.filename, entry), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append((entry.filename, f"sha256={digest}", str(len(content))))
        rows.append((record, "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        made.writestr(_stamped(record, source.getinfo(record)), text.getvalue())
    part.replace(target)
    return target


def _without_command(entry_points: bytes) -> bytes:
    lines = entry_points.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.split("=")[0].strip() != LEFT_OUT_COMMAND).encode()


def _compact(document: bytes) -> bytes:
    """The same values without the white space: a probe's card is half of it."""
    return json.dumps(json.loads(document), ensure_ascii=False, separators=(",", ":")).encode()


def _stamped(name: str, like: zipfile.ZipInfo) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, like.date_time)
    info.external_attr = like.external_attr
    return info


if __name__ == "__main__":
    print(server_wheel(Path(sys.argv[1]), Path(sys.argv[2])))
