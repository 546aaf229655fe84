"""Every figure of a stored result, computed again from the evidence that it keeps."""
