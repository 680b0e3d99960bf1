"""The one error of the course that a reader is meant to see."""


class DataError(ValueError):
    """Something is wrong with a file, a folder or a name; the message says what to do."""
