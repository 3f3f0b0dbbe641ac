"""What an ELF program asks of the machine it runs on: its architecture, its loader, its libraries."""

import struct
from dataclasses import dataclass

MACHINES = {3: "i686", 62: "x86_64", 183: "aarch64"}
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB = 1, 5


class NotElf(Exception):
    """The file is no ELF program, or cut short."""


@dataclass
class Image:
    machine: str
    interpreter: str
    needed: list


def read(path):
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise NotElf(path)
    wide = data[4] == 2
    try:
        (machine,) = struct.unpack_from("<H", data, 18)
        offset, size, count = (
            (*struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54))
            if wide
            else (*struct.unpack_from("<I", data, 28), *struct.unpack_from("<HH", data, 42))
        )
        headers = [_header(data, offset + size * index, wide) for index in range(count)]
        interpreter, needed = "", []
        for kind, start, _, length in headers:
            if kind == PT_INTERP:
                interpreter = data[start : start + length].rstrip(b"\0").decode()
            if kind == PT_DYNAMIC:
                entries = list(struct.iter_unpack("<qQ" if wide else "<iI", data[start : start + length]))
                strings = next((_in_file(headers, value) for tag, value in entries if tag == DT_STRTAB), 0)
                needed = [_text(data, strings + value) for tag, value in entries if tag == DT_NEEDED]
    except struct.error as error:
        raise NotElf(path) from error
    return Image(MACHINES.get(machine, f"machine {machine}"), interpreter, needed)


def _header(data, at, wide):
    """(kind, offset in the file, address in memory, length in the file) of one program header."""
    if wide:
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, at)
    else:
        kind, start, address, _, length = struct.unpack_from("<IIIII", data, at)
    return kind, start, address, length


def _in_file(headers, address):
    return next((start + address - base for kind, start, base, length in headers if kind == PT_LOAD and base <= address < base + length), 0)


def _text(data, at):
    return data[at : data.index(b"\0", at)].decode()
