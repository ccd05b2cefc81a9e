"""Instructions of kernels and engine. Written by `msfcnn bench --fit`: do not edit."""

from msfcnn.kernels.instructions import Coefficients

MEASURED: tuple[Coefficients, ...] = ()
