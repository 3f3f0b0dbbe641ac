"""A seeded simulator of an organisation in AWS: who makes which call when, and when its record arrives.

Knows nothing of baselines, windows or scores. What each world is, is in ../worlds, and in words in docs/evaluation.md.
"""
