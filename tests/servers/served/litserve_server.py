"""Serve the model with LitServe. Run: python litserve_server.py FOLDER PORT.

Annotations must be types and no texts here: LitServe looks at them.
"""

import sys
from pathlib import Path

import joblib
import litserve
import numpy as np


class Iris(litserve.LitAPI):
    """Rows in, probabilities out."""

    def setup(self, device: str) -> None:
        """Load the model, in the worker."""
        self.model = joblib.load(Path(sys.argv[1]) / "model.joblib")

    def decode_request(self, request: dict) -> np.ndarray:
        """Rows (n, 4)."""
        return np.array(request["input"])

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (n, 3)."""
        return self.model.predict_proba(x)

    def encode_response(self, output: np.ndarray) -> dict:
        """As JSON."""
        return {"output": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Iris(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False
    )
