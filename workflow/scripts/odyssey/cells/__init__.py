"""The LSTM block: its variants as data, the readable version, and the fast one."""
