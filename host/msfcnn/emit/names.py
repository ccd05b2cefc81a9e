"""Names of what is generated, and the limits of the table format.

Both are checked before any text is made: what C or the engine would choke on is an error that
names the model, tensor or node.
"""

from __future__ import annotations

import re

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.ir import Model

# headers whose names a model cannot have: its own would be found instead
_HEADERS = {
    "the C library": "assert complex ctype errno fenv float inttypes iso646 limits locale math "
    "setjmp signal stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib "
    "stdnoreturn string strings syslimits tgmath threads time uchar wchar wctype",
    "POSIX": "aio alloca cpio dirent dlfcn endian fcntl features fmtmsg fnmatch ftw getopt glob "
    "grp iconv langinfo libgen libintl malloc memory monetary mqueue ndbm netdb nl_types poll "
    "pthread pwd regex sched search semaphore spawn stropts sysexits syslog tar termios trace "
    "ulimit unistd utime utmpx wordexp",
    "msfcnn": "msfcnn stored",
}
# words that C and C++ keep for themselves: no member of a struct is called so
KEYWORDS = frozenset(
    "alignas alignof and asm auto bitand bitor bool break case catch char class compl const "
    "constexpr continue default delete do double else enum explicit export extern false final "
    "float for friend goto if inline int long mutable namespace new noexcept not nullptr operator "
    "or private protected public register restrict return short signed sizeof static struct "
    "switch template this throw true try typedef typeid typename typeof union unsigned using "
    "virtual void volatile while xor".split()
)
_OWNER = {name: owner for owner, names in _HEADERS.items() for name in names.split()}


def c_name(stem: str) -> str:
    """A file stem as a C identifier: other characters become underscores.

    Example: "mbv2-0.35" becomes "mbv2_0_35", "2nd" becomes "m2nd".
    """
    # ASCII only: C before C23 takes no other letters
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return f"m{name}" if not name or name[0].isdigit() else name


def check_name(name: str) -> None:
    """Raises UsageError if `name` is not a C identifier, or its header would hide another."""
    other = c_name(name).strip("_") or "net"
    if c_name(name) != name or name.startswith("_"):
        what = "is no name for C code"
        hint = "use letters, digits and underscores, a letter first"
    elif owner := _OWNER.get(name.lower()):
        what = f"would hide a header of {owner}, {name.lower()}.h"
        hint, other = "choose another name", f"{other}_net"
    else:
        return
    where = f"the name '{name}'"
    raise UsageError(Problem(where, what, f"{hint}: --name {other}, or rename the model's file"))


def check_limits(model: Model) -> None:
    """Raises ModelError, with every problem, for what the 16 bit table fields cannot hold."""
    problems = []
    # extents are uint16 in the tables
    for tensor in model.tensors:
        if max(tensor.shape) > 0xFFFF:
            shape = "x".join(map(str, tensor.shape))
            problems.append(
                Problem(
                    tensor.name,
                    f"a tensor of {shape} (height x width x channels) is too large",
                    "no extent may exceed 65535; pool or stride before this layer",
                )
            )
    for op in model.ops:
        g = op.sliding
        if g is None:
            continue
        extents = (g.kernel_h, g.kernel_w, g.stride_h, g.stride_w, g.dilation_h, g.dilation_w)
        if max(*extents, 2 * g.pad_top, 2 * g.pad_left) > 0xFFFF:
            what = "its kernel, stride or dilation exceeds 65535, or its padding 32767"
            hint = "such a layer is usually an export mistake; check it in Netron"
            problems.append(Problem(op.node, what, hint, type(op).__name__))
    if problems:
        raise ModelError(*problems)
