"""What `odyssey new-cell` and `odyssey new-task` write: the examples of the documents."""
