"""What can be asked and said: the GraphQL schema, a room per noun."""
