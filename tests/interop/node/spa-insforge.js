// The application of test_insforge_browser.py: what it does with @insforge/sdk at each button, and when it is loaded.
const client = insforge.createClient({ baseUrl: settings.server, anonKey: settings.anonKey, retryCount: 0 });
const { auth } = client;

const show = (id, value) => (document.getElementById(id).textContent = value);
const facts = (error) => error && { message: error.message, statusCode: error.statusCode, error: error.error };

// Do one thing, and then show who is signed in and what went wrong.
async function act(action) {
  show("state", "busy");
  const done = await action();
  // A page that the browser leaves stays busy.
  if (done?.leaving) return;
  const { data, error } = await auth.getCurrentUser();
  show("told", JSON.stringify({ user: data.user, error: facts(done?.error ?? error), done: done?.data ?? null }));
  show("state", "ready");
}

const buttons = {
  async "sign-in"() {
    const { error } = await auth.signInWithOAuth(settings.provider, { redirectTo: `${location.origin}/spa` });
    return error ? { error } : { leaving: true };
  },
  renew: () => auth.refreshSession(),
  "single-sign-on": () => auth.setProfile({ bio: "changed" }),
  "sign-out": () => auth.signOut(),
};
for (const [id, action] of Object.entries(buttons)) {
  document.getElementById(id).addEventListener("click", () => act(action));
}

const { email, password } = settings;
await act(async () => (email && !document.cookie.includes("insforge_csrf_token") ? auth.signUp({ email, password }) : null));
