"""What can be done: a file a noun, with its inputs, payloads, results and mutations."""
