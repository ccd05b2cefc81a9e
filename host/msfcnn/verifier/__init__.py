"""Compiles and runs generated code on this computer, and compares it with what it should do.

`__init__.pyi` lists the names; each is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
