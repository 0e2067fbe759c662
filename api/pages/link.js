// Where mailed links lead in development; in production the shop has pages of its own at these addresses. The token is in
// the fragment and is posted by a click: programs that look at the links in mails send no fragment, and click nothing.

const PATIENCE_MS = 10000;
const TEXTS = {
  "zh-CN": {
    pages: {
      "verify-email": { heading: "验证邮箱", ask: "点击按钮，确认这是您的邮箱。", go: "验证邮箱", done: (reply) => `邮箱 ${reply.email} 已验证。` },
      "undo-phone": { heading: "撤销更换手机号", ask: "点击按钮，恢复原手机号，所有设备将退出登录。", go: "恢复原手机号", done: () => "已恢复原手机号，请用短信验证码登录并重置密码。" },
      "keep-phone": { heading: "保留手机号", ask: "点击按钮，确认您仍在使用该手机号和原账号。", go: "保留手机号", done: () => "手机号已保留，请继续使用原账号登录。" },
    },
    incomplete: "链接不完整，请完整地打开它。",
    no_answer: "服务器没有响应，请重试。",
    problem: ({ title, detail }) => `${title}。${detail}`,
    note: "这是开发环境的页面，上线后由商城自己的页面代替。",
  },
  en: {
    pages: {
      "verify-email": { heading: "Verify your e-mail address", ask: "Click the button to say that this is your address.", go: "Verify the address", done: (reply) => `${reply.email} is verified.` },
      "undo-phone": { heading: "Undo the change of phone", ask: "Click the button to have the former number again. All devices will be logged out.", go: "Undo the change", done: () => "Your account has its former number. Log in by SMS code and reset the password." },
      "keep-phone": { heading: "Keep your phone number", ask: "Click the button to say that you still use this number and its account.", go: "Keep the number", done: () => "The number stays with your account. Log in as ever." },
    },
    incomplete: "The link is not whole; open all of it.",
    no_answer: "The server does not answer. Try again.",
    problem: ({ title, detail }) => `${title}. ${detail}`,
    note: "This page is for development; the shop has its own in production.",
  },
};
const CALLS = { "verify-email": "v1/email/verify", "undo-phone": "v1/phone/undo", "keep-phone": "v1/phone/keep" };

const language = /^zh\b/i.test(navigator.language) ? "zh-CN" : "en";
const says = TEXTS[language];
const name = location.pathname.split("/").at(-1);
const page = says.pages[name];
const part = (id) => document.getElementById(id);
const token = () => new URLSearchParams(location.hash.slice(1)).get("token");

function tell(text, state = "") {
  part("says").textContent = text;
  part("says").className = state;
}

async function use() {
  part("go").disabled = true;
  try {
    const reply = await fetch(CALLS[name], {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify({ token: token() }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = reply.status === 204 ? {} : await reply.json();
    part("go").hidden = reply.status < 429;
    tell(reply.ok ? page.done(body) : says.problem(body), reply.ok ? "done" : "refused");
  } catch {
    tell(says.no_answer, "refused");
  }
  part("go").disabled = false;
}

function begin() {
  document.documentElement.lang = language;
  document.title = `${page.heading} · Dongbao`;
  part("heading").textContent = page.heading;
  part("note").textContent = says.note;
  part("go").textContent = page.go;
  part("go").hidden = !token();
  tell(token() ? page.ask : says.incomplete, token() ? "" : "refused");
}

part("go").addEventListener("click", use);
addEventListener("hashchange", begin);
begin();
