"""Import and export of CSV and XLSX files, with the permissions of an account."""
