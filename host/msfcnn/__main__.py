"""`python -m msfcnn`: the same as the command `msfcnn`."""

import sys

from msfcnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
