"""Estimated instructions of kernels and engine, and the measurements they come from."""
