"""What attune refuses, and why."""


class Error(Exception):
    """What happened, what was expected, what came, and what to do.

    `kind`: "usage" (an argument or option), "input" (a text or data file), "model" (a folder), "io", "numeric", "memory" or "internal".
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
