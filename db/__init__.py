"""The database: models, rules, commands, queries, SQL files, sessions and migrations."""
