"""ONNX QDQ file to Model; the only package that imports onnx."""

from msfcnn.importer.importing import load_model

__all__ = ["load_model"]
