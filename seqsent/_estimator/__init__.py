"""Base class and parameter handling that the estimators share."""
