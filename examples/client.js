// A client for Dongbao Accounts, for browsers and Node.js 18 or newer. No dependencies.
//
//   const accounts = new Accounts("https://accounts.shop.example", { store: localStorageStore() });
//   const { sms_id } = await accounts.sendCode("13800138000");
//   const { ticket } = await accounts.verifyCode(sms_id, "123456");
//   await accounts.register({ ticket, username, email, password, password_confirm });
//   await accounts.me();                       // refreshes by itself when the access token has expired
//
// Every failure is thrown as a Problem: branch on `problem.code`, show `problem.detail`.
// In a page of another origin, the origin must be in the server's CORS_ORIGINS.

const GRACE_MS = 10_000; // The server's REFRESH_GRACE_SECONDS.
const TIMEOUT_MS = 4_000;
const PAUSES_MS = [500, 1_000];

/** A failure that the server explains; its members are those of docs/errors.md. */
export class Problem extends Error {
  constructor(body) {
    super(`${body.code}: ${body.detail}`);
    Object.assign(this, body); // code, status, title, detail, and by code: errors, retry_after, attempts_left, ticket, challenge
  }
}

/** Keeps the tokens of one page. A store has `get()` and `set(tokens)`; `set(null)` forgets. */
export function memoryStore() {
  let tokens = null;
  return { get: () => tokens, set: (next) => void (tokens = next) };
}

/** Keeps the tokens for all tabs, and over reloads. Whatever script runs in the page can read them. */
export function localStorageStore(key = "dongbao") {
  return {
    get: () => JSON.parse(localStorage.getItem(key)),
    set: (tokens) => (tokens ? localStorage.setItem(key, JSON.stringify(tokens)) : localStorage.removeItem(key)),
  };
}

export class Accounts {
  #base;
  #store;
  #language;
  #fetch;
  #onLoggedOut;
  #solve;
  #refreshing = null; // The refresh under way, which all calls of this page share.

  /** `solve` is one of solve.js, or your own: a function from a challenge to a payload. */
  constructor(base, { store = memoryStore(), language, onLoggedOut = () => {}, solve, fetch = globalThis.fetch } = {}) {
    this.#base = base;
    this.#store = store;
    this.#language = language;
    this.#onLoggedOut = onLoggedOut;
    this.#solve = solve;
    this.#fetch = (...args) => fetch(...args);
  }

  get isLoggedIn() {
    return this.#store.get() !== null;
  }

  // The wizard

  sendCode(phone, purpose = "register") {
    return this.#send("POST", "/v1/sms", { phone, purpose });
  }

  resendCode(smsId) {
    return this.#send("POST", `/v1/sms/${encodeURIComponent(smsId)}/resend`);
  }

  verifyCode(smsId, code) {
    return this.#send("POST", `/v1/sms/${encodeURIComponent(smsId)}/verify`, { code });
  }

  usernameAvailability(username) {
    return this.#send("GET", `/v1/register/availability?username=${encodeURIComponent(username)}`);
  }

  async register(form) {
    return this.#keep(await this.#send("POST", "/v1/register", form));
  }

  // Logging in and out

  async login(account, password) {
    return this.#keep(await this.#send("POST", "/v1/login", { account, password }));
  }

  async loginByCode(smsId, code) {
    return this.#keep(await this.#send("POST", "/v1/login", { sms_id: smsId, code }));
  }

  async logout() {
    await this.#call("POST", "/v1/logout");
    this.#store.set(null);
  }

  // The account

  me() {
    return this.#call("GET", "/v1/me");
  }

  rename(username) {
    return this.#call("PATCH", "/v1/me", { username });
  }

  async sessions() {
    return (await this.#call("GET", "/v1/sessions")).sessions;
  }

  endSession(id) {
    return this.#call("DELETE", `/v1/sessions/${encodeURIComponent(id)}`);
  }

  endOtherSessions() {
    return this.#call("DELETE", "/v1/sessions?keep_current=true");
  }

  /** A call that needs a token; 401 for any reason but age means that the shopper has to log in again. */
  async #call(method, path, body) {
    try {
      return await this.#callOrRefresh(method, path, body);
    } catch (problem) {
      if (problem.status === 401) this.#forget();
      throw problem;
    }
  }

  async #callOrRefresh(method, path, body) {
    const tokens = this.#store.get();
    try {
      return await this.#send(method, path, body, tokens?.access_token);
    } catch (problem) {
      if (problem.code !== "token_expired") throw problem;
    }
    return this.#send(method, path, body, await this.#refresh(tokens));
  }

  /** A good access token in place of an expired one; calls that need it at the same time wait for one refresh. */
  async #refresh(expired) {
    const now = this.#store.get();
    if (now && now.access_token !== expired.access_token) return now.access_token; // Another call or tab was faster.
    this.#refreshing ??= this.#rotate(expired.refresh_token).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /**
   * Trade the refresh token for the next pair. The reply may get lost after the server has rotated. Within the grace the old
   * token gets the same generation again, later it ends the session: so ask again soon, or not at all.
   */
  async #rotate(refreshToken) {
    const askedFirst = Date.now();
    for (const pause of [...PAUSES_MS, Infinity]) {
      try {
        return this.#keep(await this.#send("POST", "/v1/token/refresh", { refresh_token: refreshToken })).access_token;
      } catch (problem) {
        const refused = problem instanceof Problem && problem.status < 500;
        const tooLate = Date.now() + pause + TIMEOUT_MS > askedFirst + GRACE_MS;
        if (refused || tooLate) throw problem;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #keep(session) {
    this.#store.set({ access_token: session.access_token, refresh_token: session.refresh_token });
    return session;
  }

  #forget() {
    if (!this.isLoggedIn) return;
    this.#store.set(null);
    this.#onLoggedOut();
  }

  /** Whoever is asked for work does it, and sends the same request again; a second demand may be harder than the first. */
  async #send(method, path, body, accessToken) {
    let solution;
    for (let demand = 0; ; demand++) {
      try {
        return await this.#exchange(method, path, body, accessToken, solution);
      } catch (problem) {
        if (problem.code !== "challenge_required" || !this.#solve || demand === 2) throw problem;
        solution = await this.#solve(problem.challenge);
      }
    }
  }

  async #exchange(method, path, body, accessToken, solution) {
    const headers = {};
    if (solution) headers["X-Challenge-Solution"] = solution;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (accessToken) headers.Authorization = `Bearer ${accessToken}`;
    if (this.#language) headers["Accept-Language"] = this.#language;
    const reply = await this.#fetch(this.#base + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await reply.text();
    const answer = text ? JSON.parse(text) : null;
    if (!reply.ok) throw new Problem(answer);
    return answer;
  }
}
