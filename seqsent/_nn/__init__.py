"""The network half: from rows of word ids to probabilities and gradients.

It knows Keras and numpy, and neither texts nor scikit-learn nor pandas. Three seams lead in:

- :class:`.cells.Cell`, one record for each cell, in ``CELLS``. All that is particular to a cell
  is in its record, and a further cell is a further record. Where a record lacks the hand-written
  functions, the stock layer of Keras does the work.
- :class:`.architecture.Architecture`, the list of the network's parameters: all that decides
  its layers and shapes. A stored architecture that lacks a field has the field's default, so a
  new field's default must be what networks were before it.
- :class:`.fitted.Network`, a model with its training, predictions and plain-data state.

What must not change: a model is a plain ``keras.Model`` that Keras alone saves and opens (but for
n-grams, with seqsent imported), its layers have the names that ``Network`` asks for, weights have
the order of ``get_weights()`` (pickles hold them so), the same seed draws the same weights on
every backend, and padding does not change an answer unless ``mask_padding`` is False. How it is
computed may change, as long as it agrees with the stock layers.

- ``cells``: what is particular to each cell.
- ``initial_weights``: the weights to start from.
- ``ngrams``: the embedding of words and n-grams, the one layer that is not stock.
- ``architecture``: from parameters to a model.
- ``objective``: loss, metrics, optimizer.
- ``batches``: rows to batches without needless padding.
- ``options``: how long a training is, in what batches and at what rate.
- ``training``: one training, its history and its end.
- ``record``: what is noted of a training while it runs.
- ``backups``: a training that was cut off goes on.
- ``gradients``: a network as a function of its word vectors.
- ``interrupts``: signals that wait until all is whole.
- ``progress``: what is seen of a training.
- ``plain``: a network computed by numpy, where no backend works.
- ``fitted``: a network with what belongs to it.
- ``stored``: its state as a pickle holds it.
- ``fast``: the same computed under JAX, in less time.
"""
