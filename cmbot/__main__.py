"""``python -m cmbot``."""

from cmbot.cli import main

main()
