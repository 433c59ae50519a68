"""Cells that are bred: programs of equations, changed at random; the better ones breed on."""
