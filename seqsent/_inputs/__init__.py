"""Validated input of the classifier: ids, labels, weights and initial word vectors."""
