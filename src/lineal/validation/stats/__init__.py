"""Compute statistics: plan what to count, count it in one scan, and form the proto."""
