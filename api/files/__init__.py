"""Files that people work with: CSV and XLSX, imported and exported as an account."""
