"""Configuration in, events out: `train(config)`."""
