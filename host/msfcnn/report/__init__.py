"""What there is to show, as plain frozen dataclasses: terminal, JSON and pages render them.

`__init__.pyi` lists the names. Each is loaded when it is first asked for: the command line shows
reports as data without the passes that make them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
