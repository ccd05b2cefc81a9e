"""Pictures and arrays that people have, as the inputs of a network, with their classes.

load.py decides what a path holds; pictures.py and arrays.py read it; preprocess.py turns pixels
into real numbers and keeps how in NAME.preprocess.yaml. Used by quantize, verify and report.
"""

from msfcnn.dataset.arrays import LABELS, REAL, STORED, classes_of, load_arrays
from msfcnn.dataset.labels import strange_labels
from msfcnn.dataset.load import Loaded, load_samples
from msfcnn.dataset.preprocess import Preprocessing, preprocessing_file, read_preprocessing

__all__ = [
    "LABELS",
    "REAL",
    "STORED",
    "Loaded",
    "Preprocessing",
    "classes_of",
    "load_arrays",
    "load_samples",
    "preprocessing_file",
    "read_preprocessing",
    "strange_labels",
]
