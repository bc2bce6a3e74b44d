"""What a network is fed: data sets that ship, tasks that are made, a user's own CSV file."""
