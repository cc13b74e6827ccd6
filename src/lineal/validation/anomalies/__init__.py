"""Find where statistics break a schema: one checker for each group of anomalies."""
