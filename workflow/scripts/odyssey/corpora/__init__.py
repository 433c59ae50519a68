"""One module a corpus: what lies on disk, read into plain values."""
