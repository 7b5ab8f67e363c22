"""Microsoft Graph, as far as a login needs it: who calls, which groups they are in, and the directory's lists."""
