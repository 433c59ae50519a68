"""The kin: cells that ship beside the paper's LSTM, each a file of equations."""
