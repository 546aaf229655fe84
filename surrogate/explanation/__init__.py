"""What a method hands back: a form, its fidelity, what it cost, and where it came from."""

from surrogate.explanation.audit_result import AuditResult
from surrogate.explanation.compared import (
    Measured,
    ModelFacts,
    Region,
    RobustAccuracy,
    Size,
    Transfer,
)
from surrogate.explanation.comparison import Comparison
from surrogate.explanation.contrast import Contrast
from surrogate.explanation.encoding import Binned, Present, Scaled
from surrogate.explanation.evidence import Evidence
from surrogate.explanation.global_explanation import GlobalExplanation
from surrogate.explanation.joint_tree import Disagreement
from surrogate.explanation.local_explanation import LocalExplanation
from surrogate.explanation.local_explanations import LocalExplanations
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.explanation.local_stability import LocalStability
from surrogate.explanation.mask_explanation import MaskExplanation
from surrogate.explanation.mask_explanations import MaskExplanations
from surrogate.explanation.row_pick import Choices, RowPick, pick_rows
from surrogate.explanation.rows_summary import RowsSummary
from surrogate.explanation.width_sweep import WidthSweep

__all__ = [
    "AuditResult",
    "Binned",
    "Choices",
    "Comparison",
    "Contrast",
    "Disagreement",
    "Evidence",
    "GlobalExplanation",
    "LocalExplanation",
    "LocalExplanations",
    "LocalFidelity",
    "LocalStability",
    "MaskExplanation",
    "MaskExplanations",
    "Measured",
    "ModelFacts",
    "Present",
    "Region",
    "RobustAccuracy",
    "RowPick",
    "RowsSummary",
    "Scaled",
    "Size",
    "Transfer",
    "WidthSweep",
    "pick_rows",
]
