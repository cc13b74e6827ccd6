"""Whole batches of the graph, written and read with ML Metadata's meaning.

Both doors go through here: the plain typed objects of `Graph`, and ML Metadata's own messages.
"""
