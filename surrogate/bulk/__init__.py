"""Local explanations of very many rows: shards on disk, written as they are made, read lazily."""

from surrogate.bulk.explanations import BulkExplanations, read_explanations
from surrogate.bulk.summary import BulkSummary

__all__ = ["BulkExplanations", "BulkSummary", "read_explanations"]
