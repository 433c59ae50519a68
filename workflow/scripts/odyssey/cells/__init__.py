"""Cells: their equations, and the fused engine's kernel that is generated from them."""
