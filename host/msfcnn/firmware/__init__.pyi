from .building import (
    BuildOutcome,
    Built,
    Request,
    build,
    build_many,
    callers_bytes,
    firmware,
)
from .exclusive import alone_in, is_taken
from .flashing import flash
from .inquiry import health
from .parallel import run_parallel
from .process import Finished, run_bounded
from .riot import make_command
from .survey import Surveyed, surveyed
from .tally import Tally
from .trial import Trial, try_out

__all__ = [
    "BuildOutcome",
    "Built",
    "Finished",
    "Request",
    "Surveyed",
    "Tally",
    "Trial",
    "alone_in",
    "build",
    "build_many",
    "callers_bytes",
    "firmware",
    "flash",
    "health",
    "is_taken",
    "make_command",
    "run_bounded",
    "run_parallel",
    "surveyed",
    "try_out",
]
