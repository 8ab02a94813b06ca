"""From documents to rows of ids, without Keras and JAX.

- ``documents``: any container of texts to a list of documents.
- ``words``: word boundaries in any script.
- ``analysis``: a document to its tokens.
- ``encoding``: the tokens of many documents to ids.
- ``rows``: ids of documents of any length to rows of one length.
- ``corpus_counts``, ``running_counts``: counts of a corpus, at once or in chunks.
- ``vocabulary``: tokens and their ids.
- ``packing``: compact storage of tokens, ids and counts.

Tests require that the ids of a given vocabulary do not change, that tokens of equal count are
ranked by their characters, and that rows are C-contiguous int32. A document has the same tokens
alone and in a batch.
"""
