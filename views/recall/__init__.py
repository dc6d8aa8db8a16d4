"""The parts of the Questions page: the list, one question, and ways to answer it."""
