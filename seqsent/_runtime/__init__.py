"""Process-wide services: Keras backend, compilation cache, files, signals, versions."""
