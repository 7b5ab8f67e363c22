"""GitHub's REST and GraphQL API, as far as a login meets it: everything below `/api/v3`, and `/api/graphql`.

Choices where the vendor leaves room or the sandbox is smaller:

- A GitHub App holds every read permission a login needs (e-mail addresses, members), so its tokens, which have no
  scopes, pass where OAuth apps need a scope; the private members of the profile stay hidden from them.
- An organization that demands single sign-on refuses every token of its members: the sandbox has no SSO session.
- Whoever may not read an organization's members counts as an outsider there, whatever they belong to.
- A method that an endpoint does not have is 404 Not Found, as on GitHub, and not 405; the true cause is in the journal.
- Resetting a token keeps its refresh token; deleting a token leaves the refresh token alive, deleting a grant does not.
- What repositories a scoped token reaches is not recorded: there are no repositories.
"""
