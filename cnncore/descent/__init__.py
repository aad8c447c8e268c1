"""Optimizers on surfaces of two weights, where the way that they take can be drawn. Pure numpy."""
