"""Training: the network, its losses and optimiser, a trial, a shard of trials."""
