"""From corpora to `Sequences`: what every training job reads."""
