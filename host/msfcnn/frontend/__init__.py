"""Files of other tools, read into a Model."""

from msfcnn.frontend.loading import load_model, load_proto

__all__ = ["load_model", "load_proto"]
