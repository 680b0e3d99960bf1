"""What is said at the end of a download."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ser_helpers.errors import printable
from ser_helpers.files import project_folder
from ser_helpers.names import CORPUS_FOLDERS


@dataclass
class Report:
    """What is here after a download; print it.

    Attributes
    ----------
    corpus : {"cremad", "ravdess"}
    folder : Path
        Where it is.
    origin : str
        Who published the checksums.
    wanted, present, verified : int
        Numbers of clips: asked for; here, and whole sound; with the published SHA-256.
    missing : dict of str to str
        File that is not here, and why.
    doubtful : dict of str to str
        Clip that is here and whole, but has not the published content.
    notes : list of str
        What else is to be said.
    """

    corpus: str
    folder: Path
    origin: str = ""
    wanted: int = 0
    present: int = 0
    verified: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if all that was asked for is here and nothing is doubtful."""
        return not self.missing and not self.doubtful

    def __str__(self) -> str:
        """Return the last lines of a download."""
        lines = [
            f"{CORPUS_FOLDERS[self.corpus]} in {self.folder}: {self.present:,} of {self.wanted:,} "
            f"clips present, {self.verified:,} verified, {len(self.missing):,} files missing",
            f"  {self.verified:,} of {self.wanted:,} clips have the published SHA-256"
            + f" ({self.origin})" * bool(self.origin),
        ]
        lines += _grouped("missing", self.missing) + _grouped("doubtful", self.doubtful)
        lines += [f"  {note}" for note in self.notes]
        if self.present:
            lines.append(f"  to use it: {self._how_to_use()}")
        if not self.ok:
            lines.append("What has arrived is kept: run the same command again to go on.")
        return printable("\n".join(lines))

    def _how_to_use(self) -> str:
        if self.folder != standard_folder(self.corpus):
            return f"SER_DATA={self.folder}, or data.open_corpus({str(self.folder)!r})"
        if self.corpus == "cremad":
            return "the course opens it by itself from now on"
        return f"SER_DATA={self.corpus}, or data.open_corpus({self.corpus!r})"


def _grouped(what: str, reasons: dict[str, str]) -> list[str]:
    """Write each reason once, with the first file that it holds for."""
    lines = []
    for reason, n in Counter(reasons.values()).most_common(5):
        first = next(name for name, why in reasons.items() if why == reason)
        lines.append(f"  {what}: {first}{f' and {n - 1:,} more' * (n > 1)}: {reason}")
    return lines


def standard_folder(corpus: str) -> Path:
    """Return the folder of a corpus below ``data/`` in the project."""
    return project_folder() / "data" / CORPUS_FOLDERS[corpus]
