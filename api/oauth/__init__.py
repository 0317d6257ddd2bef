"""The issuer over HTTP: the endpoints that applications call, and the pages that people see."""
