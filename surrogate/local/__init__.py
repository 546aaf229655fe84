"""Local explanations: linear readings of a model around chosen rows."""

from surrogate.local.compatible import LimeFit, lime_fit
from surrogate.local.lime import Lime
from surrogate.local.mask_lime import MaskLime
from surrogate.local.result import LimeResult
from surrogate.local.width_sweep import sweep

__all__ = ["Lime", "LimeFit", "LimeResult", "MaskLime", "lime_fit", "sweep"]
