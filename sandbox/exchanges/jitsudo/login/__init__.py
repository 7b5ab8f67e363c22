"""How people get in: providers by domain, the state of a sign-in, and the exchange of its code for a system JWT."""
