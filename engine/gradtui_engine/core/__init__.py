"""What every room uses: texts that know how they were made, problems, tables of rows, fields, numbers."""
