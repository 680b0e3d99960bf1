"""Ill-treat sound files, the downloader and the start: ``python benchmarks/measure_faults.py``.

- 1,000 damaged sound files: clips of the demo voices, written with ten codecs and containers, then
  damaged in one of six ways (bits turned, bytes of the header replaced, the end cut off, a stretch
  inserted, a stretch zeroed, a size replaced by an extreme one). Each goes through ``load_clip``,
  ``describe`` and ``predict_file`` in a process of its own. It may give finite numbers, or be
  refused with the course's own error; anything else is a fault, and so is more than five seconds.
- The downloader is killed twenty times while it fetches from a server on 127.0.0.1.
- Ten cold starts: a new process, no bytecode, an empty folder for work.

Everything is seeded: the same number is the same file (but for the random number that libsndfile
gives each Ogg stream). ``--keep FOLDER`` keeps the files that were
faults. Writes ``results/faults.json``.
"""

import argparse
import collections
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
import record
import soundfile

from ser_helpers import data, features, predict, train
from ser_helpers.errors import DataError

ROOT = Path(__file__).parents[1]
N_FILES, N_KILLS, N_STARTS = 1000, 20, 10
ALLOWED, PATIENCE = 5.0, 60.0  # seconds
CODECS = {
    "WAV 16 bit": ("WAV", "PCM_16"),
    "WAV 24 bit": ("WAV", "PCM_24"),
    "WAV float": ("WAV", "FLOAT"),
    "WAV μ-law": ("WAV", "ULAW"),
    "WAV ADPCM": ("WAV", "IMA_ADPCM"),
    "FLAC": ("FLAC", "PCM_16"),
    "OGG Vorbis": ("OGG", "VORBIS"),
    "OGG Opus": ("OGG", "OPUS"),
    "MP3": ("MP3", "MPEG_LAYER_III"),
    "AIFF": ("AIFF", "PCM_16"),
}
SUFFIXES = {"WAV": ".wav", "FLAC": ".flac", "OGG": ".ogg", "MP3": ".mp3", "AIFF": ".aiff"}
EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
PACKAGES = ("librosa", "numpy", "soundfile", "soxr", "torch")
Damage = Callable[[bytearray, np.random.Generator], bytes]


def flip_bits(content: bytearray, rng: np.random.Generator) -> bytes:
    for place in rng.integers(len(content), size=rng.integers(1, 65)):
        content[place] ^= 1 << rng.integers(8)
    return bytes(content)


def replace_header(content: bytearray, rng: np.random.Generator) -> bytes:
    for place in rng.integers(min(96, len(content)), size=rng.integers(1, 9)):
        content[place] = rng.integers(256)
    return bytes(content)


def cut(content: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(content[: rng.integers(len(content))])


def insert(content: bytearray, rng: np.random.Generator) -> bytes:
    place = rng.integers(len(content))
    return bytes(content[:place] + rng.bytes(rng.integers(1, 5000)) + content[place:])


def zero(content: bytearray, rng: np.random.Generator) -> bytes:
    place, length = rng.integers(len(content)), rng.integers(1, 5000)
    content[place : place + length] = bytes(len(content[place : place + length]))
    return bytes(content)


def missize(content: bytearray, rng: np.random.Generator) -> bytes:
    place, order = 4 * rng.integers(min(32, len(content) // 4)), rng.choice(["little", "big"])
    content[place : place + 4] = int(rng.choice(EXTREMES)).to_bytes(4, str(order))
    return bytes(content)


DAMAGES: dict[str, Damage] = {
    "bits turned": flip_bits,
    "header replaced": replace_header,
    "end cut off": cut,
    "stretch inserted": insert,
    "stretch zeroed": zero,
    "size replaced": missize,
}


def written(y: np.ndarray, sr: int, codec: str) -> bytes:
    """Write a sound with a codec; return the file's bytes."""
    kind, subtype = CODECS[codec]
    file = io.BytesIO()
    soundfile.write(file, y, sr, format=kind, subtype=subtype)
    return file.getvalue()


def damaged(number: int, clips: pd.DataFrame) -> tuple[str, str, bytes, str]:
    """Make the file of a number; return codec, damage, bytes and the suffix of its name."""
    rng = np.random.default_rng([14, number])
    codec = list(CODECS)[number % len(CODECS)]
    damage = list(DAMAGES)[number // len(CODECS) % len(DAMAGES)]
    y = data.load_clip(clips.path.iloc[rng.integers(len(clips))])
    content = DAMAGES[damage](bytearray(written(y, data.SAMPLE_RATE, codec)), rng)
    return codec, damage, content, SUFFIXES[CODECS[codec][0]]


def listen(path: Path, recogniser: predict.Recogniser) -> dict:
    """Load, describe and predict; say how it ended."""
    start = time.perf_counter()
    told = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "do not trust this answer" is an answer
        try:
            row = features.describe(data.load_clip(path))
            said = predict.predict_file(recogniser, path)
            ended = "read" if np.isfinite(row).all() and np.isfinite(said).all() else "not finite"
        except DataError as error:
            ended, told = "refused", str(error)
        except BaseException as error:  # a fault, whatever it is
            ended, told = "another error", f"{type(error).__name__}: {error}"
    return {"ended": ended, "seconds": time.perf_counter() - start, "told": told}


def work(pipe: Connection, recogniser_file: Path) -> None:
    """Listen to each file that the pipe names, in a process that may hang or crash."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libmpg123 writes down all it finds
    recogniser = predict.load(recogniser_file)
    while path := pipe.recv():
        pipe.send(listen(path, recogniser))


class Listener:
    """A process that listens; it is replaced when it dies or does not come back."""

    def __init__(self, recogniser_file: Path) -> None:
        self.file = recogniser_file
        self.process: multiprocessing.Process | None = None

    def __call__(self, path: Path) -> dict:
        """Listen to one file; ``ended`` is "crash" or "hang" if the process did not survive it."""
        if self.process is None:
            self._start()
        self.pipe.send(path)
        try:
            if self.pipe.poll(PATIENCE):
                return self.pipe.recv()
            ended = "hang"
        except (EOFError, ConnectionError):
            ended = "crash"
        self.close()
        return {"ended": ended, "seconds": PATIENCE, "told": ""}

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, other = spawn.Pipe()
        self.process = spawn.Process(target=work, args=(other, self.file), daemon=True)
        self.process.start()
        other.close()  # so that the end of the process is the end of the pipe

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def some_recogniser(clips: pd.DataFrame, folder: Path) -> Path:
    """Train a recogniser for a few epochs on every tenth clip: it need not be good, only real."""
    table = features.extract(clips.iloc[::10], progress=False)
    labels = clips.emotion[table.index]
    parts = pd.Series("train", index=table.index, name="every tenth clip")
    parts.iloc[::7], parts.iloc[1::7] = "validation", "test"
    few = train.TrainSettings(max_epochs=10)
    result = train.fit(table, labels, parts, settings=few, progress=False)
    return predict.save(predict.from_result(result), folder / "recogniser.npz")


def measure_files(corpus: data.Corpus, n: int, keep: Path | None = None) -> dict:
    """Send damaged files through the road; count how each ended."""
    clips = corpus.clips
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        listener = Listener(some_recogniser(clips, Path(folder)))
        for number in range(n):
            codec, damage, content, suffix = damaged(number, clips)
            path = Path(folder, f"{number:04d}{suffix}")
            path.write_bytes(content)
            found = {"number": number, "codec": codec, "damage": damage} | listener(path)
            rows.append(found)
            if found["ended"] not in ("read", "refused") or found["seconds"] > ALLOWED:
                print(found, flush=True)
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / path.name).write_bytes(content)
            path.unlink()
        listener.close()
    table = pd.DataFrame(rows)
    faulty = ~table.ended.isin(["read", "refused"]) | (table.seconds > ALLOWED)
    return {
        "files": n,
        "ended": table.ended.value_counts().to_dict(),
        "faults": int(faulty.sum()),
        "slower_than_5_s": int((table.seconds > ALLOWED).sum()),
        "seconds": {
            "median": round(float(table.seconds.median()), 3),
            "p99": round(float(table.seconds.quantile(0.99)), 3),
            "max": round(float(table.seconds.max()), 3),
        },
        "by_codec": pd.crosstab(table.codec, table.ended).loc[list(CODECS)].to_dict("index"),
        "by_damage": pd.crosstab(table.damage, table.ended)
        .loc[[name for name in DAMAGES if name in set(table.damage)]]
        .to_dict("index"),
        "reasons": _reasons(table.told[table.ended == "refused"]),
        "list_of_faults": table[faulty].round(2).to_dict("records"),
    }


def _reasons(told: pd.Series) -> dict[str, int]:
    """Count what the refusals say."""
    words = {
        "cannot be read as sound": "cannot be read as sound",
        "cut short": "cut short",
        "not sound that can": "is not sound",
        "cannot be decoded": "damaged inside",
        "damaged header": "damaged header",
        "cannot be read here": "another codec",
        "silent": "silent",
        "not numbers": "samples that are not numbers",
        "full scale": "beyond full scale",
        "no sound": "no samples",
        "empty": "empty",
    }
    of = [next((name for word, name in words.items() if word in text), "other") for text in told]
    return dict(collections.Counter(of).most_common())


def measure_kills(clips: pd.DataFrame, n: int) -> dict:
    """Kill the downloader again and again; check that no clip is half, and none is lost."""
    from ser_helpers import download
    from ser_helpers.checksums import Checksum, published
    from ser_helpers.download import facts as known
    from ser_helpers.download.sources import Patience

    server = record.load_script(ROOT / "tests" / "little_server.py")  # of the downloader's tests
    names = list(published("cremad"))[: 6 * n]
    sounds = {
        name: written(data.load_clip(path)[:8000], data.SAMPLE_RATE, "WAV 16 bit")
        for name, path in zip(names, clips.path, strict=False)
    }
    sums = {
        name: Checksum(len(content), hashlib.sha256(content).hexdigest(), None)
        for name, content in sounds.items()
    }
    files = {f"AudioWAV/{name}.wav": content for name, content in sounds.items()}
    many = multiprocessing.get_context("spawn")
    with (
        contextlib.redirect_stderr(io.StringIO()),  # the server's own complaint of each kill
        server.serve(files) as shelf,
        tempfile.TemporaryDirectory() as folder,
    ):
        shelf.default = [server.slowly]
        options = {
            "facts": known.Facts(sums, "a benchmark", (shelf.base,), None, {}, (shelf.base,)),
            "patience": Patience(),
            "progress": False,
            "jobs": 2,
        }
        arrived, half, lost = 0, 0, 0
        for _ in range(n):
            asked = len(shelf.asked)
            process = many.Process(target=download.cremad, args=(folder,), kwargs=options)
            process.start()
            while len(shelf.asked) < asked + 3 and process.is_alive():
                time.sleep(0.002)
            process.kill()
            process.join()
            here = {path.stem: path.read_bytes() for path in Path(folder).rglob("*.wav")}
            half += sum(content != sounds[name] for name, content in here.items())
            lost += max(0, arrived - len(here))
            arrived = len(here)
        shelf.asked.clear()
        shelf.default = [server.well]
        report = download.cremad(folder, **options)
        whole = {path.stem: path.read_bytes() for path in Path(folder).rglob("*.wav")}
        return {
            "kills": n,
            "clips": len(sounds),
            "arrived_before_the_last_kill": arrived,
            "half_files": half,
            "lost_again": lost,
            "finished_whole": bool(report.ok and whole == sounds),
            "asked_twice": max(0, len(shelf.asked) - (len(sounds) - arrived)),
        }


COLD = """
import sys, time
start = time.perf_counter()
from ser_helpers import data, features
corpus = data.open_corpus("demo")
row = features.describe(data.load_clip(corpus.clips.path.iloc[0]))
print(time.perf_counter() - start, float(row.sum()))
"""


def measure_starts(n: int) -> dict:
    """Start in new processes, without bytecode and without anything in the folder for work."""
    seconds, sums = [], set()
    for _ in range(n):
        with tempfile.TemporaryDirectory() as empty:
            environment = os.environ | {
                "PYTHONPYCACHEPREFIX": str(Path(empty, "bytecode")),
                "SER_WORK": str(Path(empty, "work")),
            }
            out = subprocess.run(
                [sys.executable, "-c", COLD],
                env=environment,
                capture_output=True,
                text=True,
                cwd=empty,
            )
            if out.returncode == 0:
                took, total = out.stdout.split()
                seconds.append(float(took))
                sums.add(total)
    return {
        "starts": n,
        "failed": n - len(seconds),
        "same_row_each_time": len(sums) == 1,
        "seconds": {
            "median": round(float(np.median(seconds)), 2),
            "min": round(min(seconds), 2),
            "max": round(max(seconds), 2),
        },
    }


def measure_all(
    corpus: data.Corpus,
    *,
    n_files: int = N_FILES,
    n_kills: int = N_KILLS,
    n_starts: int = N_STARTS,
    keep: Path | None = None,
) -> dict:
    """Measure all three."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    files = measure_files(corpus, n_files, keep)
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return {
        "damaged files": files | {"peak_mb": round(peak / 1000)},  # Linux counts in KiB
        "downloader killed": measure_kills(corpus.clips, n_kills),
        "cold starts": measure_starts(n_starts),
        "machine": record.machine(),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="folder to keep the files in that are faults")
    options = parser.parse_args()
    result = measure_all(data.open_corpus("demo"), keep=options.keep)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    record.write("faults", result)


if __name__ == "__main__":
    main()
