// The development inbox. Whatever a message says is put on the page as text, never as HTML.

const ASK_EVERY_MS = 1000;
const ASK_AT_LEAST_EVERY_MS = 10000;
const PATIENCE_MS = 5000;
const FRESH_MS = 4000;
const COPIED_MS = 1600;

const TEXTS = {
  "zh-CN": {
    heading: "开发收件箱",
    title: "收件箱 · Dongbao",
    filter: "按手机号或邮箱筛选",
    copy_newest: "复制最新验证码",
    copy: "点击复制",
    copied: "已复制 ✓",
    not_copied: "请按 Ctrl+C 复制",
    no_code: "还没有验证码",
    copy_example: "复制命令",
    retry: "立即重试",
    clear: "清除筛选",
    empty: "还没有消息",
    empty_how: "开发环境的短信和邮件不会真的发出，会自动显示在这里。发一条试试：",
    unmatched: "没有符合筛选条件的消息",
    connecting: "连接中…",
    count: (shown, all) => (shown === all ? `${all} 条消息` : `${shown} / ${all} 条`),
    away: "已断开",
    no_answer: "服务器没有响应",
    bad_answer: (status) => `服务器返回 ${status}`,
    waiting: (reason, seconds) => `${reason}，${seconds} 秒后重试。`,
    back: "已重新连接",
    arrived: (to, code) => (code ? `新消息：${to}，验证码 ${code}` : `新消息：${to}`),
    channels: { sms: "短信", mail: "邮件" },
    purposes: {
      register: "注册",
      login: "登录",
      reset_password: "重置密码",
      change_phone: "更换手机号",
      confirm: "身份确认",
      verify_email: "验证邮箱",
      email_changing: "更换邮箱",
      password_changed: "密码已修改",
      password_reset: "密码已重置",
      phone_added: "绑定手机号",
      phone_changed: "手机号已更换",
      phone_change_undone: "已恢复原手机号",
      phone_claimed: "手机号被验证",
      phone_detached: "手机号已解绑",
      new_device: "新设备登录",
      closing: "正在注销",
      reopened: "账号已恢复",
    },
  },
  en: {
    heading: "Dev inbox",
    title: "Inbox · Dongbao",
    filter: "Filter by phone or address",
    copy_newest: "Copy newest code",
    copy: "Click to copy",
    copied: "Copied ✓",
    not_copied: "Press Ctrl+C to copy",
    no_code: "No code yet",
    copy_example: "Copy the command",
    retry: "Retry now",
    clear: "Clear the filter",
    empty: "No messages yet",
    empty_how: "In development nothing is really sent: texts and mails appear here by themselves. Try one:",
    unmatched: "No message matches the filter",
    connecting: "Connecting…",
    count: (shown, all) => (shown === all ? `${all} message${all === 1 ? "" : "s"}` : `${shown} of ${all}`),
    away: "Disconnected",
    no_answer: "The server does not answer",
    bad_answer: (status) => `The server answers ${status}`,
    waiting: (reason, seconds) => `${reason}. Next try in ${seconds} s.`,
    back: "Connected again",
    arrived: (to, code) => (code ? `New message to ${to}, code ${code}` : `New message to ${to}`),
    channels: { sms: "SMS", mail: "Mail" },
    purposes: {
      register: "sign up",
      login: "log in",
      reset_password: "reset password",
      change_phone: "change phone",
      confirm: "confirm identity",
      verify_email: "verify e-mail",
      email_changing: "e-mail changing",
      password_changed: "password changed",
      password_reset: "password reset",
      phone_added: "phone added",
      phone_changed: "phone changed",
      phone_change_undone: "phone restored",
      phone_claimed: "phone claimed",
      phone_detached: "phone detached",
      new_device: "new device",
      closing: "closing",
      reopened: "open again",
    },
  },
};

const language = /^zh\b/i.test(navigator.language) ? "zh-CN" : "en";
const locale = /^(zh|en)\b/i.test(navigator.language) ? navigator.language : "en-GB";
const says = TEXTS[language];
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const part = (id) => document.getElementById(id);

let rows = null; // key → {message, element}, the oldest first; null until the server has answered
let failures = 0;
let reason = "";
let asking = false;
let nextAsk = 0;
let askTimer;

// Asking the server

async function ask() {
  clearTimeout(askTimer);
  if (asking || document.hidden) {
    return;
  }
  asking = true;
  const messages = await fetchMessages();
  asking = false;
  if (messages) {
    if (failures) {
      speak(says.back);
    }
    failures = 0;
    show(messages);
  } else {
    failures += 1;
    if (failures === 1) {
      speak(reason);
    }
  }
  const pause = Math.min(ASK_EVERY_MS * 2 ** failures, failures ? ASK_AT_LEAST_EVERY_MS : ASK_EVERY_MS);
  nextAsk = Date.now() + pause;
  askTimer = setTimeout(ask, pause);
  tell();
}

async function fetchMessages() {
  reason = says.no_answer;
  try {
    const reply = await fetch(location.pathname, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (reply.ok) {
      return (await reply.json()).messages;
    }
    reason = says.bad_answer(reply.status);
  } catch {
    // No connection, no answer in time, or an answer of something else than our server.
  }
  return null;
}

// Showing the messages

function show(messages) {
  const before = rows ?? new Map();
  const isFirst = rows === null;
  const arrived = [];
  rows = new Map();
  for (const message of [...messages].reverse()) {
    const key = keyOf(message);
    const row = before.get(key) ?? { message, element: build(message) };
    if (!before.has(key)) {
      part("messages").prepend(row.element);
      arrived.push(row);
    }
    rows.set(key, row);
  }
  for (const [key, row] of before) {
    if (!rows.has(key)) {
      row.element.remove();
    }
  }
  if (!isFirst) {
    welcome(arrived);
  }
  filter();
}

// Twins (the same words to the same phone in the same second) are numbered from the oldest.
function keyOf(message) {
  const key = JSON.stringify([message.sent_at, message.channel, message.to, message.text]);
  let twin = 0;
  while (rows.has(`${key}${twin}`)) {
    twin += 1;
  }
  return `${key}${twin}`;
}

function welcome(arrived) {
  for (const { element } of arrived) {
    element.classList.add("fresh");
    setTimeout(() => element.classList.remove("fresh"), FRESH_MS);
  }
  const last = arrived.filter(matches).at(-1)?.message;
  if (last) {
    speak(says.arrived(last.to, last.code));
  }
}

function build(message) {
  const element = part("message").content.firstElementChild.cloneNode(true);
  const piece = (name) => element.querySelector(`.${name}`);
  piece("channel").textContent = says.channels[message.channel] ?? message.channel;
  piece("channel").classList.toggle("sms", message.channel === "sms");
  piece("to").textContent = message.to;
  piece("purpose").textContent = says.purposes[message.purpose] ?? message.purpose;
  piece("purpose").title = message.purpose;
  const time = element.querySelector("time");
  time.dateTime = message.sent_at;
  time.title = exact.format(new Date(message.sent_at));
  time.textContent = ago(message.sent_at);
  piece("subject").textContent = message.subject ?? "";
  piece("text").append(...linked(message.text, message.link));
  if (message.code) {
    piece("digits").textContent = message.code;
    piece("hint").textContent = says.copy;
    piece("code").addEventListener("click", () => copyCode(element, message.code));
  } else {
    piece("code").remove();
  }
  return element;
}

// The text with its link as a link; a link that the text does not name stands behind it.
function linked(text, link) {
  if (!link || !/^https?:\/\//i.test(link)) {
    return [text];
  }
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  anchor.textContent = link;
  const start = text.indexOf(link);
  return start < 0 ? [`${text}\n`, anchor] : [text.slice(0, start), anchor, text.slice(start + link.length)];
}

function ago(time) {
  const seconds = Math.min(0, Math.round((new Date(time) - Date.now()) / 1000));
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (-seconds >= size) {
      return relative.format(Math.ceil(seconds / size), unit);
    }
  }
  return relative.format(seconds, "second");
}

// Filtering

const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/[\s()-]/g, "");
const matches = ({ message }) => plain(message.to).includes(plain(part("filter").value));
const matching = () => [...(rows?.values() ?? [])].filter(matches).reverse();
const newestCode = () => matching().find(({ message }) => message.code);

function filter() {
  if (rows === null) {
    return;
  }
  for (const row of rows.values()) {
    row.element.hidden = !matches(row);
  }
  tell();
}

// What the bar, the banner and the title say

function tell() {
  const all = rows?.size ?? 0;
  const shown = matching().length;
  const code = newestCode()?.message.code;
  document.title = code ? `${code} · ${says.title}` : says.title;
  part("state").classList.toggle("live", rows !== null && !failures);
  write("state", failures ? says.away : rows === null ? says.connecting : says.count(shown, all));
  part("empty").hidden = rows === null || all > 0;
  part("unmatched").hidden = all === 0 || shown > 0;
  part("away").hidden = !failures;
  write("reason", failures ? says.waiting(reason, Math.max(0, Math.ceil((nextAsk - Date.now()) / 1000))) : "");
}

function write(id, text) {
  if (part(id).textContent !== text) {
    part(id).textContent = text;
  }
}

function speak(text) {
  part("spoken").textContent = text;
}

function refreshTimes() {
  for (const time of document.querySelectorAll("time")) {
    time.textContent = ago(time.dateTime);
  }
  tell();
}

// Copying

async function copyCode(element, code) {
  const isCopied = await copy(code);
  flash(element.querySelector(".code"), element.querySelector(".hint"), isCopied ? says.copied : says.not_copied, says.copy);
  if (!isCopied) {
    getSelection().selectAllChildren(element.querySelector(".digits"));
  }
  return isCopied;
}

async function copyNewest() {
  const row = newestCode();
  const isCopied = row && (await copyCode(row.element, row.message.code));
  const outcome = row ? (isCopied ? `${says.copied} ${row.message.code}` : says.not_copied) : says.no_code;
  flash(part("newest"), part("newest").firstElementChild, outcome, says.copy_newest);
}

// navigator.clipboard exists on https:// and on this very machine alone.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

function copyByCommand(text) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "unseen";
  area.readOnly = true;
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}

const flashes = new WeakMap();

function flash(button, label, outcome, usual) {
  clearTimeout(flashes.get(button));
  const isCopied = outcome.startsWith(says.copied);
  button.classList.toggle("copied", isCopied);
  label.textContent = outcome;
  speak(outcome);
  const restore = () => {
    button.classList.remove("copied");
    label.textContent = usual;
  };
  flashes.set(button, setTimeout(restore, COPIED_MS));
}

// Beginning

function begin() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-says]")) {
    element.textContent = says[element.dataset.says];
  }
  part("filter").placeholder = says.filter;
  part("filter").setAttribute("aria-label", says.filter);
  const body = JSON.stringify({ phone: "13800138000", purpose: "register" });
  part("example").textContent =
    `curl ${location.origin}/v1/sms \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;

  part("filter").addEventListener("input", filter);
  part("newest").addEventListener("click", copyNewest);
  part("retry").addEventListener("click", ask);
  part("clear").addEventListener("click", () => {
    part("filter").value = "";
    filter();
    part("filter").focus();
  });
  part("copy-example").addEventListener("click", async (event) => {
    const isCopied = await copy(part("example").textContent);
    flash(event.target, event.target, isCopied ? says.copied : says.not_copied, says.copy_example);
    if (!isCopied) {
      getSelection().selectAllChildren(part("example"));
    }
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea");
    if (event.key.toLowerCase() === "c" && !isTyping && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) {
      copyNewest();
    }
  });
  document.addEventListener("visibilitychange", ask);
  setInterval(() => document.hidden || refreshTimes(), 1000);
  tell();
  ask();
}

begin();
