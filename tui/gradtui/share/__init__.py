"""What can be taken away from the screen: addresses, files, the clipboard, films."""
