"""Where a browser is: the authorization endpoint and its pages, pushed requests, the device page, logout."""
