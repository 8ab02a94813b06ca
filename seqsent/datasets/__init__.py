"""Reviews to try the library on, real and synthetic, and pretrained word vectors."""

from ._reviews import make_reviews

__all__ = ["make_reviews"]
