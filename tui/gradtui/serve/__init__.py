"""The program for visitors, over SSH and in the browser, each in a process of its own."""
