"""Figures drawn from tables; nothing here computes a statistic."""
