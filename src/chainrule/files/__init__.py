"""Model files: one format, one parser, hostile input expected."""

from chainrule.files.model_file import content_of, load, load_model, load_state, model_to_bytes, save
from chainrule.files.parsing import model_from_bytes

__all__ = ["content_of", "load", "load_model", "load_state", "model_from_bytes", "model_to_bytes", "save"]
