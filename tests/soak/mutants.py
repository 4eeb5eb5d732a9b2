"""Damaged and hostile files: mutations of bytes and text, and files that would run code if anything executed them."""

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Callable

# Text that other programs would read as something else, or that is larger than anyone expects.
TOKENS = (
    *(
        "-1",
        "0",
        "1e400",
        "1e-3",
        "99999999999999999999",
        ".nan",
        "-.inf",
        "null",
        "true",
        "''",
        "[]",
        "{}",
        "[[[[]]]]",
    ),
    *("=1/0", "=width ** 99999", "=" + "(" * 300, "!!python/object:os.system", "*missing", "&a [*a]", "<<: *a"),
    *("graph:main", "\x00", "\ufeff", "\U0001f600", "a" * 5000, "? ", "- - -", "%YAML 9.9", "---", "0x7fffffff", "1_0"),
)


def mutate_bytes(data: bytes, generator: random.Random) -> bytes:
    """Truncate, flip bits, overwrite, delete, duplicate or insert."""
    if not data:
        return b"\x00"
    at, length = generator.randrange(len(data)), generator.randint(1, max(1, len(data) // 8))
    match generator.randrange(7):
        case 0:
            return data[:at]
        case 1:
            changed = bytearray(data)
            for _ in range(generator.randint(1, 8)):
                changed[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            return bytes(changed)
        case 2:
            return data[:at] + generator.randbytes(min(length, 64)) + data[at + length :]
        case 3:
            return data[:at] + data[at + length :]
        case 4:
            return data[:at] + data[at : at + length] * generator.randint(2, 5) + data[at + length :]
        case 5:
            return data[:at] + bytes(length) + data[at + length :]
        case _:
            # In the first bytes, where formats store sizes and kinds.
            start = generator.randrange(min(len(data), 64))
            return data[:start] + generator.choice((b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff")) + data[start + 4 :]


def mutate_text(text: str, generator: random.Random) -> str:
    """Replace, delete, double, swap or indent words and lines."""
    lines = text.split("\n")
    at = generator.randrange(len(lines))
    match generator.randrange(7):
        case 0 | 1:
            words = lines[at].split(" ")
            words[generator.randrange(len(words))] = generator.choice(TOKENS)
            lines[at] = " ".join(words)
        case 2:
            del lines[at]
        case 3:
            lines.insert(generator.randrange(len(lines)), lines[at])
        case 4:
            other = generator.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 5:
            lines[at] = " " * generator.randint(1, 4) + lines[at]
        case _:
            lines[at] = lines[at].replace(":", generator.choice((": ", "", "::", ": =")), 1)
    return "\n".join(lines)


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Mutate a file once or a few times, as text where it is text."""
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        if generator.random() < 0.75:
            try:
                data = mutate_text(data.decode("utf-8"), generator).encode("utf-8", errors="replace")
                continue
            except UnicodeDecodeError:
                pass
        data = mutate_bytes(data, generator)
    return data


# -- hostile files: each would make the canary if anything executed it -------------------------------------------------


class _Executes:
    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return exec, (self.code,)


def canary_code(canary: str) -> str:
    """Return Python code that makes the canary."""
    return f"open({canary!r}, 'w').close()"


def hostile_designs(canary: str) -> list[bytes]:
    """Return designs that try to execute code, or to exhaust memory or stack."""
    code = canary_code(canary)
    call = f"__import__('os').system('touch {canary}')"
    head = "netcomposer: 1\nname: Evil\n"
    graph = (
        "inputs:\n  image: {shape: [3, 8, 8]}\nnodes:\n  - id: a\n    block: Conv2d\n    params: {out_channels: %s}\n"
        "outputs: [logits]\nwires: [image -> a, a -> logits]\n"
    )
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    texts = [
        f"!!python/object/apply:os.system ['touch {canary}']",
        f"a: !!python/object/new:exec [{code!r}]",
        f"!!python/name:os.system\n{head}",
        *(
            head + graph % json.dumps(value)
            for value in (f"={call}", f"={code}", f"=(lambda: {code})()", f"={call} or 8")
        ),
        *(
            head + graph % value
            for value in ("=8 ** 8 ** 8 ** 8", "=" + "9" * 5000, "='a' * 10 ** 10", "=[8] * 10 ** 9")
        ),
        head + graph % "8" + f"    block: ../../{canary}\n",
        head + (graph % "8").replace("Conv2d", f"{canary}; {code}"),
        head + (graph % "8").replace("id: a", f'id: "a\\n{code}"'),
        head.replace("Evil", f'"x\\"\\"\\"\\n{code}\\n\\"\\"\\""') + graph % "8",
        head + f'description: |\n  x\n  """\n  {code}\n' + graph % "8",
        bomb,
        "[" * 50_000,
        "{a: " * 5000,
        "- " * 20_000 + "x",
        head + "nodes:\n" + "".join(f"  - {{id: n{n}, block: Conv2d}}\n" for n in range(20_000)),
    ]
    return [text.encode() for text in texts]


def hostile_checkpoints(canary: str) -> list[bytes]:
    """Return files in the formats of checkpoints whose pickles execute code."""
    payload = _Executes(canary_code(canary))
    nested = {"model": {"weight": payload}, "progress": {"epoch": payload}}
    plain = [pickle.dumps(value, protocol) for value in (payload, nested) for protocol in (0, 2, 4)]
    return [*plain, *(_torch_zip(data) for data in plain)]


def _torch_zip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def hostile_weights() -> list[bytes]:
    """Return safetensors files whose headers lie."""
    headers: list[object] = [
        {"w": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}},
        {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 10**15]}},
        {"w": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}},
        {"w": {"dtype": "X", "shape": [1], "data_offsets": [0, 4]}},
        [],
        "x",
    ]
    files = []
    for header in headers:
        text = json.dumps(header).encode()
        files.append(struct.pack("<Q", len(text)) + text + bytes(4))
    return [*files, struct.pack("<Q", 2**63) + b"{}", b"", b"\xff" * 9]
