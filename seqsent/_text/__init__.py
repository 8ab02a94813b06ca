"""The text half: from documents to rows of word ids.

It knows neither Keras nor JAX, nor anything of the network half. A document becomes tokens, a
token a number, and the numbers of a document a row of one length.

What must not change: the ids of a given vocabulary, the order of ranks among words of equal
count, rows that are C-contiguous int32, and that texts become the same tokens one by one and in
bulk. What may: how words are found and looked up in bulk, and the packed form of a vocabulary,
as long as stored ones are read.

The seam is :class:`.analysis.Analyzer`: a document to its tokens. An analyzer that has
``clean`` and ``finish`` as well (:class:`.analysis.CleaningAnalyzer`) is read in bulk, by whole
arrays of bytes. One that has ``breaks`` reads long texts part by part, from the end that is kept.

- ``documents``: from whatever holds texts to a plain list of documents.
- ``words``: what a word is, in any script.
- ``analysis``: from a document to its tokens.
- ``parts``: long texts, part by part.
- ``encoding``: from documents to numbers, one per token.
- ``rows``: from numbers of documents of any length to rows of one length.
- ``vocabulary``: words, their counts, ranks and ids.
- ``packing``: words and ids as a pickle holds them.
- ``chunks``: counts of words that come in chunks, in bounded memory.
"""
