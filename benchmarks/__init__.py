"""Speed, compared in one run with what people would use instead."""
