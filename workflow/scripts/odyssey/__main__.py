"""The command `odyssey` where its folder is not on the path: `python -m odyssey`."""

from odyssey.commands import main

main()
