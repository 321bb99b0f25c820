"""The parts of a commit: change detection, batches, row locks and deadlines."""
