"""Kernel SHAP: plans of coalitions, the game they are asked in, and two estimators."""

from surrogate.local.shap._result import ShapResult
from surrogate.local.shap.kernel_shap import KernelShap

__all__ = ["KernelShap", "ShapResult"]
