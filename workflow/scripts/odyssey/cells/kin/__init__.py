"""The kin: cells that ship beside the paper's block, each a file of equations."""
