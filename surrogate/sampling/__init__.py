"""Where questions come from: seeded samplers of rows, on NumPy or torch."""

from surrogate.sampling.bins import Binning, Bins, make_bins
from surrogate.sampling.discretised import DiscretisedPlan, DiscretisedSampler
from surrogate.sampling.gaussian import GaussianPlan, GaussianSampler
from surrogate.sampling.neighbours import NeighbourPlan, NeighbourSampler
from surrogate.sampling.rows import Sample, finish
from surrogate.sampling.streams import child_seed, generator

__all__ = [
    "Binning",
    "Bins",
    "DiscretisedPlan",
    "DiscretisedSampler",
    "GaussianPlan",
    "GaussianSampler",
    "NeighbourPlan",
    "NeighbourSampler",
    "Sample",
    "child_seed",
    "finish",
    "generator",
    "make_bins",
]
