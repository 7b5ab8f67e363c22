// The application of test_msal_browser.py: what it does with @azure/msal-browser at each button, and when it is sent
// back. In an iframe it is the page that hands the answer over to the library in the window.
const show = (id, value) => (document.getElementById(id).textContent = value);

// The page stays busy until the browser has left it.
const leave = (departure) => departure.then(() => new Promise(() => {}));

function load(script) {
  return new Promise((resolve) => {
    document.head.append(Object.assign(document.createElement("script"), { src: script, onload: resolve }));
  });
}

async function run() {
  const { scopes, ...auth } = settings;
  const application = new msal.PublicClientApplication({
    auth: { redirectUri: `${location.origin}/spa`, postLogoutRedirectUri: `${location.origin}/spa`, ...auth },
    system: { iframeBridgeTimeout: 60_000 },
  });
  await application.initialize();
  const account = () => application.getAllAccounts()[0] ?? null;

  // Do one thing, and then show what came of it.
  async function act(action) {
    show("state", "busy");
    let told;
    try {
      const result = await action();
      told = result
        ? { account: result.account, claims: result.idTokenClaims, scopes: result.scopes, token: result.accessToken }
        : { account: account() };
    } catch (error) {
      if (!(error instanceof msal.AuthError)) throw error;
      told = { exception: error.name, errorCode: error.errorCode, errorNo: error.errorNo, message: error.errorMessage };
    }
    show("told", JSON.stringify(told));
    show("state", "ready");
  }

  const buttons = {
    "sign-in": () => leave(application.loginRedirect({ scopes })),
    renew: () => application.acquireTokenSilent({ scopes, account: account(), forceRefresh: true }),
    "single-sign-on": () => application.ssoSilent({ scopes }),
    "sign-out": () => leave(application.logoutRedirect({ account: account() })),
  };
  for (const [id, action] of Object.entries(buttons)) {
    document.getElementById(id).addEventListener("click", () => act(action));
  }
  await act(() => application.handleRedirectPromise());
}

if (window === top) {
  await run();
} else {
  await load("/bridge.js");
  await msalRedirectBridge.broadcastResponseToMainFrame();
}
