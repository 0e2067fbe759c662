// Proof of work, for clients that were answered 403 challenge_required: new Accounts(base, { solve: solveWithWidget }).

/** In a page: with ALTCHA's widget, which the page has (npm install altcha; <altcha-widget display="invisible">). */
export async function solveWithWidget(challenge, widget = document.querySelector("altcha-widget")) {
  widget.configure({ challenge, minDuration: 0 });
  const solved = await widget.verify();
  if (!solved) throw new Error("The widget found no solution.");
  return solved.payload;
}

/** Without a page: in Node.js, in a worker, or as a model for an app. */
export async function solveHere(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const password = new Uint8Array([...bytesOf(nonce), 0, 0, 0, 0]);
  const count = new DataView(password.buffer, password.length - 4);
  for (let counter = 0; ; counter++) {
    count.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytesOf(salt), iterations: cost };
    const derivedKey = hexOf(await crypto.subtle.deriveBits(algorithm, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
  }
}

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
}

function hexOf(bits) {
  return Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
