"""ML Metadata's own interface over Lineal's store."""
