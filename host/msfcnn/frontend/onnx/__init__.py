"""ONNX QDQ file to Model; the only package that imports onnx."""

from msfcnn.frontend.onnx.importing import load_model

__all__ = ["load_model"]
