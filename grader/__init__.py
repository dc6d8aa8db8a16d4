"""The judge: runs a submission in a sandbox and compares it with the reference outside of it."""
