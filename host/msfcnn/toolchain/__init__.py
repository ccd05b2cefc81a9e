"""Compilers and emulators: how C code is built for a processor and run."""
