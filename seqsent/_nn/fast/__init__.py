"""What is compiled for JAX."""
