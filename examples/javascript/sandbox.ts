// A client of the control API of idp-sandbox: one file, no dependency but fetch. Copy it into your project.
//
//   const idp = await new Sandbox("http://localhost:9400").world("my-test");
//   const { code } = await idp.login("github", "octocat");

export interface Login {
  callback_url: string;
  parameters: Record<string, string>;
  code?: string;
  state?: string;
  redirect_uri: string;
  client_id: string;
  code_verifier?: string;
  flow?: string;
  exchange?: string;
  session?: unknown;
}

export interface LoginOptions {
  client?: string;
  redirect_uri?: string;
  scope?: string;
  state?: string;
  nonce?: string;
  issuer?: string;
  pkce?: boolean | { challenge: string; method: string };
  parameters?: Record<string, string>;
  decision?: "allow" | "deny";
  until?: "code" | "session";
  exchange?: string;
}

export interface Token {
  token: string;
  service: string;
  kind: string;
  expires_at: number | null;
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  flow?: string;
}

export interface TokenOptions {
  identity?: string;
  client?: string;
  scope?: string;
  audience?: string;
  issuer?: string;
  claims?: Record<string, unknown>;
  ttl?: number;
  tamper?: string;
}

export interface Rule {
  recipe?: string;
  service?: string;
  operation?: string;
  client_id?: string;
  login?: string;
  skip?: number;
  /** null: until it is cleared. */
  times?: number | null;
  probability?: number;
  after?: boolean;
  refuse?: { reason: string; detail?: string; field?: string; retry_after?: number };
  answer?: { status: number; body?: unknown; headers?: Record<string, string>; content_type?: string };
  delay?: { seconds: number };
  drop?: Record<string, never>;
  truncate?: { bytes?: number };
  drip?: { seconds: number };
  redirect_loop?: Record<string, never>;
  malform?: Record<string, never>;
  content_type?: { value: string };
  repeat?: { fields: string[] };
  change?: { set?: Record<string, unknown>; remove?: string[] };
  callback?: { set?: Record<string, string>; remove?: string[] };
  forge?: { tamper: string; kinds?: string[] };
}

export interface Clock {
  now: number;
  iso: string;
  frozen: boolean;
  offset: number;
}

export interface Duration {
  seconds?: number;
  minutes?: number;
  hours?: number;
  days?: number;
}

/** A request that the sandbox answered, secrets redacted. */
export interface Entry {
  id: number;
  at: number;
  duration_us: number;
  service: string;
  operation: string;
  method: string;
  path: string;
  status: number;
  reason: string | null;
  detail: string | null;
  fault: string | null;
  flow: string | null;
  client_id: string | null;
  login: string | null;
  caller: "browser" | "application";
  request: Record<string, unknown>;
  response: Record<string, unknown>;
}

export interface EntryFilter {
  service?: string;
  operation?: string;
  client_id?: string;
  login?: string;
  flow?: string;
  status?: number | string;
  reason?: string;
  method?: string;
  path?: string;
  fault?: string;
  after?: number;
  limit?: number;
  wait?: number;
}

export interface Finding {
  code: string;
  severity: "error" | "warning" | "note";
  text: string;
  flow: string;
  entry: number;
  spec: string;
}

export interface Verdict {
  client_id: string;
  service: string;
  flows: number;
  passed: boolean;
  findings: Finding[];
}

export interface Mail {
  id: number;
  service: string;
  to: string;
  subject: string;
  text: string;
  sent_at: number;
}

/** Members of a fixture file: identities, clients, issuers, tenants. */
export type Document = Record<string, unknown>;

/** What the sandbox refused; `status` is 0 if nobody answered. */
export class SandboxError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly detail: string,
    /** What a provider or an exchange had said, where it was its refusal. */
    readonly answer?: { status: number; body: unknown },
  ) {
    super([status || "", reason, detail].filter(Boolean).join(" "));
    this.name = "SandboxError";
  }
}

/** Something that goes wrong on purpose, until it is used up or cleared. */
export class Fault {
  constructor(
    private readonly idp: Sandbox,
    readonly id: number | string,
    readonly name: string | null,
  ) {}

  /** How many requests it has met so far. */
  async hits(): Promise<number> {
    return (await this.idp.call<{ hits: number }>("GET", `/faults/${this.id}`)).hits;
  }

  /** Clearing it again does nothing. */
  async clear(): Promise<void> {
    await this.idp.call("DELETE", `/faults/${this.id}`).catch((error: unknown) => {
      if (!(error instanceof SandboxError && error.status === 404)) throw error;
    });
  }
}

/** Identities, clients, issuers or tenants, each by its key: a login, a client_id, a name, an id. */
export class Cast {
  constructor(
    private readonly idp: Sandbox,
    private readonly collection: string,
  ) {}

  async list(query: { service?: string; search?: string } = {}): Promise<Document[]> {
    const found: Document[] = [];
    for (;;) {
      const answer = await this.idp.call<Record<string, unknown>>("GET", `/${this.collection}`, undefined, {
        ...query,
        offset: found.length || undefined,
      });
      const page = answer[this.collection] as Document[];
      found.push(...page);
      if (!page.length || found.length >= Number(answer.total ?? 0)) return found;
    }
  }

  get(key: string, query: { service?: string } = {}): Promise<Document> {
    return this.idp.call("GET", this.path(key), undefined, query);
  }

  add(document: Document): Promise<Document> {
    return this.idp.call("POST", `/${this.collection}`, document);
  }

  /** A JSON merge patch (RFC 7396): null takes a member away. */
  change(key: string, changes: Document, query: { service?: string } = {}): Promise<Document> {
    return this.idp.call("PATCH", this.path(key), changes, query);
  }

  remove(key: string, query: { service?: string } = {}): Promise<void> {
    return this.idp.call("DELETE", this.path(key), undefined, query);
  }

  private path(key: string): string {
    return `/${this.collection}/${encodeURIComponent(key)}`;
  }
}

/** A world of a running sandbox: people, clients, clock, faults and journal of its own. */
export class Sandbox {
  readonly url: string;
  readonly identities = new Cast(this, "identities");
  readonly clients = new Cast(this, "clients");
  readonly issuers = new Cast(this, "issuers");
  readonly tenants = new Cast(this, "tenants");

  /** `url` is the sandbox's origin, or that of a world; `token` is what it wants to see beyond loopback. */
  constructor(
    url: string,
    private readonly token?: string,
  ) {
    this.url = url.replace(/\/+$/, "");
  }

  /** Another world of the same server, made if there is none of that name. */
  async world(name: string, fixture?: Document): Promise<Sandbox> {
    await this.call("POST", "/worlds", fixture ? { name, fixture } : { name }).catch((error: unknown) => {
      if (!(error instanceof SandboxError && error.status === 409 && !fixture)) throw error;
    });
    return new Sandbox(`${new URL(this.url).origin}/w/${encodeURIComponent(name)}`, this.token);
  }

  /** Delete this world; the default one cannot be. */
  async delete(): Promise<void> {
    const name = this.url.split("/").at(-1) ?? "";
    await new Sandbox(new URL(this.url).origin, this.token).call("DELETE", `/worlds/${name}`);
  }

  /** Sign someone in without a browser, up to the code, or up to the session of an exchange. */
  login(provider: string, identity: string, options: LoginOptions = {}): Promise<Login> {
    const until = options.exchange ? "session" : "code";
    return this.call("POST", "/login", { until, ...options, provider, identity });
  }

  /** A token as the service would issue it; with `tamper`, one that must be refused. */
  mint(service: string, kind: string, options: TokenOptions = {}): Promise<Token> {
    return this.call("POST", "/tokens", { ...options, service, kind });
  }

  /** Make something go wrong: a recipe by its name, or a rule. */
  async fault(recipe: string | Rule, more: Rule = {}): Promise<Fault> {
    const rule = typeof recipe === "string" ? { ...more, recipe } : recipe;
    const { id, name } = await this.call<{ id: number | string; name?: string }>("POST", "/faults", rule);
    return new Fault(this, id, name ?? null);
  }

  /** Make something go wrong for as long as `work` takes, whatever comes of it. */
  async withFault<T>(recipe: string | Rule, work: (fault: Fault) => Promise<T>): Promise<T> {
    const fault = await this.fault(recipe);
    try {
      return await work(fault);
    } finally {
      await fault.clear();
    }
  }

  clearFaults(): Promise<void> {
    return this.call("DELETE", "/faults");
  }

  clock(): Promise<Clock> {
    return this.call("GET", "/clock");
  }

  /** `now` is in epoch seconds or ISO 8601. */
  setClock(clock: { now?: number | string; frozen?: boolean }): Promise<Clock> {
    return this.call("PUT", "/clock", clock);
  }

  advance(by: Duration): Promise<Clock> {
    return this.call("POST", "/clock/advance", by);
  }

  /** The requests so far, oldest first. */
  async requests(filter: EntryFilter = {}): Promise<Entry[]> {
    return (await this.call<{ entries: Entry[] }>("GET", "/journal", undefined, { ...filter })).entries;
  }

  clearJournal(): Promise<void> {
    return this.call("DELETE", "/journal");
  }

  /** What each client has done well and badly so far. */
  async verdict(client_id?: string): Promise<Verdict[]> {
    return (await this.call<{ clients: Verdict[] }>("GET", "/verdict", undefined, { client_id })).clients;
  }

  async mailbox(query: { to?: string; service?: string } = {}): Promise<Mail[]> {
    return (await this.call<{ mail: Mail[] }>("GET", "/mailbox", undefined, query)).mail;
  }

  /** Sign with a new key from now on; the one before is still published. */
  rotateKeys(service: string, algorithm?: string): Promise<{ kid: string; algorithm: string }> {
    return this.call("POST", "/keys/rotate", algorithm ? { service, algorithm } : { service });
  }

  /** Make this world again what it was seeded as. */
  reset(): Promise<void> {
    return this.call("POST", "/reset");
  }

  snapshot(): Promise<Document> {
    return this.call("GET", "/snapshot");
  }

  restore(snapshot: Document, query: { clock?: "then" | "now" } = {}): Promise<void> {
    return this.call("PUT", "/snapshot", snapshot, query);
  }

  /** Any call of the control API, such as one that has no method here. */
  async call<T = void>(method: string, path: string, body?: unknown, query: Record<string, unknown> = {}): Promise<T> {
    const address = new URL(`${this.url}/_sandbox/api${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.token) headers["x-sandbox-token"] = this.token;
    const sent: RequestInit = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(address, sent).catch((error: unknown) => {
      throw new SandboxError(0, "", `no sandbox answers at ${this.url}: ${String(error)}`);
    });
    const text = await answer.text();
    if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
    let problem: { reason?: string; detail?: string; title?: string; answer?: { status: number; body: unknown } } = {};
    try {
      problem = JSON.parse(text) as typeof problem;
    } catch {
      problem.detail = text.slice(0, 200);
    }
    throw new SandboxError(answer.status, problem.reason ?? "", problem.detail ?? problem.title ?? "", problem.answer);
  }
}
