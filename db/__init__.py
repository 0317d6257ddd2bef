"""What is stored and what must stay true."""
