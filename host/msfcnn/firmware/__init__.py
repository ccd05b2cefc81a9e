"""Programs for boards: built by RIOT's own make, measured in their ELF file, run and judged.

`__init__.pyi` lists the names; each is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
