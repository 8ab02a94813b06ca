"""Training: options, objective, history, progress and the training loop."""
