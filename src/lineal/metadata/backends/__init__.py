"""The databases that a metadata store can live in, behind one protocol."""
