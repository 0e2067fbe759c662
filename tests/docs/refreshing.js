// Plays one scene of refreshing with examples/client.js, and prints what came of it as JSON.
// node tests/docs/refreshing.js SCENE BASE TOKENS, where TOKENS is a session body whose access token has expired.

import { Accounts, memoryStore } from "../../examples/client.js";

const [scene, base, tokens] = process.argv.slice(2);
const seen = { refreshes: 0, loggedOut: 0 };

function client(fetch = globalThis.fetch) {
  const store = memoryStore();
  store.set(JSON.parse(tokens));
  const counting = (url, options) => {
    seen.refreshes += url.endsWith("/v1/token/refresh");
    return fetch(url, options);
  };
  return new Accounts(base, { store, fetch: counting, onLoggedOut: () => (seen.loggedOut += 1) });
}

/** A network that loses the first replies to refreshes, after the server has answered. */
function losing(replies) {
  return async (url, options) => {
    const reply = await fetch(url, options);
    if (url.endsWith("/v1/token/refresh") && replies-- > 0) throw new TypeError("the network is gone");
    return reply;
  };
}

const scenes = {
  async together() {
    const accounts = client();
    return Promise.all(Array.from({ length: 10 }, () => accounts.me()));
  },
  async "a lost reply"() {
    return [await client(losing(1)).me()];
  },
  async "two tabs"() {
    return Promise.all([client().me(), client().me()]);
  },
  async "an ended session"() {
    const accounts = client();
    const settled = await Promise.allSettled([accounts.me(), accounts.me()]);
    return settled.map(({ reason }) => reason.code).concat(accounts.isLoggedIn);
  },
};

seen.results = await scenes[scene]();
console.log(JSON.stringify(seen));
