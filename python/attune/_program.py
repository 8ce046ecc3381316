"""The program `attune` that lies in the package."""

import os
import pathlib
import sys


def main() -> None:
    program = pathlib.Path(__file__).parent / "bin" / "attune"
    os.execv(program, ["attune", *sys.argv[1:]])


if __name__ == "__main__":
    main()
