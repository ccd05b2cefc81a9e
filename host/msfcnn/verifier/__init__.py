"""Compiles and runs generated code on this computer, and compares it with what it should do."""
