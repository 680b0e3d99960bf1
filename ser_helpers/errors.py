"""The one error of the course that a reader is meant to see."""


class DataError(ValueError):
    """Something is wrong with a file, a folder or a name; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    r"""Write what is no character, as bytes of a file's name that are no UTF-8, as ``\udce9``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
