"""`python -m zoo_core` is the command `zoo`."""

from .cli import main

main()
