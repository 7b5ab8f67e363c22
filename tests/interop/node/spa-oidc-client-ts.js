// The application of test_oidc_client_ts.py: what it does with oidc-client-ts at each button, and when it is sent back.
const manager = new oidc.UserManager({
  client_id: "oidc-public",
  redirect_uri: `${location.origin}/spa`,
  silent_redirect_uri: `${location.origin}/spa`,
  post_logout_redirect_uri: `${location.origin}/spa`,
  loadUserInfo: true,
  automaticSilentRenew: false,
  silentRequestTimeoutInSeconds: 60,
  ...settings,
});

const show = (id, value) => (document.getElementById(id).textContent = value);
const refused = ({ error, error_description }) => ({ error, error_description });

// The page stays busy until the browser has left it.
const leave = (departure) => departure.then(() => new Promise(() => {}));

// Do one thing, and then show who is signed in or what went wrong.
async function act(action) {
  show("state", "busy");
  let told;
  try {
    await action();
    const user = await manager.getUser();
    told = user && { profile: user.profile, scope: user.scope, access_token: user.access_token };
  } catch (error) {
    if (error.name !== "ErrorResponse") throw error;
    told = refused(error);
  }
  show("told", JSON.stringify(told));
  show("state", "ready");
}

const buttons = {
  "sign-in": () => leave(manager.signinRedirect()),
  renew: () => manager.signinSilent(),
  "sign-out": () => leave(manager.signoutRedirect()),
};
for (const [id, action] of Object.entries(buttons)) {
  document.getElementById(id).addEventListener("click", () => act(action));
}

const answer = new URLSearchParams(location.search);
await act(async () => {
  if (!answer.has("state")) return;
  const signedOut = !answer.has("code") && !answer.has("error");
  await (signedOut ? manager.signoutCallback() : manager.signinCallback());
  // In an iframe the library's other half takes over; otherwise nobody shall load this address again.
  if (window === top) history.replaceState({}, "", "/spa");
});
