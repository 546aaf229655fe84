"""Small networks trained naturally and adversarially, with the same seeds and budget."""

from surrogate.robust.training.architectures import (
    ARCHITECTURES,
    Architecture,
    Net,
    build_net,
    image_shape,
    sizes_of,
)
from surrogate.robust.training.doors import train, train_arms
from surrogate.robust.training.perturbing import fgsm_rows, pgd_rows
from surrogate.robust.training.recipes import RECIPES, Recipe
from surrogate.robust.training.settings import TrainingSettings
from surrogate.robust.training.trained import Trained, load_trained

__all__ = [
    "ARCHITECTURES",
    "RECIPES",
    "Architecture",
    "Net",
    "Recipe",
    "Trained",
    "TrainingSettings",
    "build_net",
    "fgsm_rows",
    "image_shape",
    "load_trained",
    "pgd_rows",
    "sizes_of",
    "train",
    "train_arms",
]
