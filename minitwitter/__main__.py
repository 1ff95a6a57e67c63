"""`python -m minitwitter` is the `minitwitter` command."""

import sys

from minitwitter.cli import main

if __name__ == "__main__":
    sys.exit(main())
