from .check import verify
from .dataset import evaluate
from .images import load_images, random_images
from .measuring import measure, test_images

__all__ = [
    "evaluate",
    "load_images",
    "measure",
    "random_images",
    "test_images",
    "verify",
]
