"""The built-in issuer: accounts that sign in here, and the tokens that applications get."""
