// Walks the wizard against a server of development: node examples/walk.js [http://127.0.0.1:5000]

import { Accounts } from "./client.js";
import { solveHere } from "./solve.js";

const base = process.argv[2] ?? "http://127.0.0.1:5000";
const accounts = new Accounts(base, {
  language: "en",
  solve: solveHere,
  onLoggedOut: () => console.log("Logged out by the server."),
});
const phone = `136${String(Date.now()).slice(-8)}`;
const password = "correct horse battery";

const { sms_id } = await accounts.sendCode(phone);
const inbox = await fetch(`${base}/dev/inbox`, { headers: { Accept: "application/json" } });
const { code } = (await inbox.json()).messages.find((message) => message.sms_id === sms_id);
const { ticket } = await accounts.verifyCode(sms_id, code);

const form = { ticket, username: `李四-${phone}`, email: "lisi@example.com", password, password_confirm: password };
const { user } = await accounts.register(form);
console.log(`Registered ${user.username}, ${user.phone}.`);

await accounts.login(phone, password);
console.log(`Logged in ${(await accounts.sessions()).length} times.`);

await accounts.login(phone, "wrong").catch((problem) => console.log(`Refused: ${problem.code}.`));
await accounts.logout();
console.log(`Logged out. ${accounts.isLoggedIn ? "Still here?" : "Good-bye."}`);
