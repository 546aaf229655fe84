"""Local explanations: linear readings of a model around chosen rows."""

from surrogate.local.compatible import LimeFit, lime_fit
from surrogate.local.lime import Lime
from surrogate.local.mask_lime import MaskLime
from surrogate.local.result import LimeResult
from surrogate.local.shap import KernelShap, ShapResult
from surrogate.local.width_sweep import sweep

__all__ = [
    "KernelShap",
    "Lime",
    "LimeFit",
    "LimeResult",
    "MaskLime",
    "ShapResult",
    "lime_fit",
    "sweep",
]
