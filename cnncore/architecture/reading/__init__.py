"""PyTorch code and modules as layers: what `pytorch_source` and `modules` read with. No torch."""
