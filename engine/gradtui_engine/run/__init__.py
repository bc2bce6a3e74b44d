"""One iteration, recorded: the network, its memory, its trace, the file that holds one."""
