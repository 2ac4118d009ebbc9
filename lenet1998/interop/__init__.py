"""The network among other programs: scikit-learn's conventions, ONNX and plain arrays."""
