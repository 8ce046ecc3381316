"""python -m attune: the program."""

from ._program import main

main()
