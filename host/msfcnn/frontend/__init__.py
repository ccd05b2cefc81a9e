"""Files of other tools, read into a Model."""
