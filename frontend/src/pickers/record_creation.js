// A new record in a dialog, made by the generated form of its class while another form stays as it is.
import { rememberRefusals } from "../forms/checks.js";
import { say, sentences } from "../forms/sentences.js";
import { attribute, has, listen, matching, set } from "../base/elements.js";
import { CHECK_HEADER, SESSION_HEADER } from "../base/wire_names.js";

let count = 0;
const REFERENCES = ["id", "for", "aria-describedby", "aria-controls", "aria-labelledby", "list"];

// Ids get a prefix, so that none is twice on the page.
const renamed = (form) => {
  const prefix = `starmodel-new-${++count}-`;
  for (const node of [form, ...matching(form, "*")])
    for (const name of REFERENCES) {
      const value = attribute(node, name);
      if (value) set(node, name, value.split(" ").map((id) => prefix + id).join(" "));
    }
};

// The form on the page of a new record, without what sends it to that page.
const formAt = async (url, action) => {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const form = [...page.forms].find((each) => attribute(each, "action") === action && attribute(each, "method") === "post");
  if (!form) return null;
  for (const node of [form, ...matching(form, "*")])
    for (const { name } of [...node.attributes])
      if (name.startsWith("data-on:") || name === "data-once" || name === "data-reset") node.removeAttribute(name);
  // Other ways to send or leave the form belong to its page.
  for (const node of matching(form, "script, button[name], .sm-form-end a")) node.remove();
  if (has(form, "data-draft")) set(form, "data-draft", ""); // no draft of it is kept
  renamed(form);
  return { form: document.importNode(form, true), title: page.querySelector("h1")?.textContent ?? "" };
};

const key = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");

// Shapes: headers tell a command, which runs once, from a check, which stores nothing.
const post = async (form, headers) => {
  const data = new FormData(form), isMultipart = attribute(form, "enctype") === "multipart/form-data";
  const tag = document.getElementById("starmodel-toasts")?.dataset.session;
  const response = await fetch(attribute(form, "action"), {
    method: "POST", body: isMultipart ? data : new URLSearchParams(data),
    headers: { Accept: "application/json", ...headers, ...(tag ? { [SESSION_HEADER]: tag } : {}) },
  });
  return { status: response.status, data: await response.json().catch(() => ({})) };
};

const dialogOf = ({ form, title }, texts) => {
  const box = document.createElement("dialog"), heading = document.createElement("h2"), close = document.createElement("button");
  const problem = document.createElement("p"), head = document.createElement("div");
  Object.assign(heading, { id: `starmodel-new-title-${count}`, textContent: title });
  Object.assign(close, { type: "button", className: "sm-new-close" });
  close.setAttribute("aria-label", texts.close);
  close.addEventListener("click", () => box.close());
  problem.className = "sm-problem";
  problem.setAttribute("role", "alert");
  head.className = "sm-new-head";
  head.append(heading, close);
  box.className = "sm-new-record";
  box.setAttribute("aria-labelledby", heading.id);
  box.append(head, problem, form);
  return { box, problem };
};

// The id of the record that was made; "" when the dialog was closed. Shapes: words fill its first text input.
export const openCreation = async ({ url, action, words, texts }) => {
  const found = await formAt(url, action).catch(() => null);
  const empty = Object.assign(document.createElement("form"), { method: "dialog" });
  const { form } = found ?? { form: empty }, { box, problem } = dialogOf(found ?? { form: empty, title: texts.create }, texts);
  if (!found) problem.textContent = texts.failed;
  document.body.append(box);
  box.showModal();
  const first = form.querySelector("input[type=text]:not([data-picker] *)");
  if (words && first) first.value = words;
  form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  return new Promise((answer) => {
    let id = "", once = key(), isSending = false;
    box.addEventListener("close", () => {
      box.remove();
      answer(id);
    });
    listen(form, "input", () => (once = key()));
    listen(form, "submit", async (event) => {
      event.preventDefault();
      if (!found || isSending) return;
      isSending = true;
      set(form, "aria-busy", "true");
      const button = event.submitter ?? form.querySelector(".sm-form-end [type=submit]");
      button?.setAttribute("data-busy", "");
      problem.textContent = "";
      try {
        const checked = await post(form, { [CHECK_HEADER]: "1" });
        if (Object.keys(checked.data.errors ?? {}).length) return refuse(form, checked.data, problem);
        const { status, data } = await post(form, { "Idempotency-Key": once });
        if (status === 201 && data.entity?.id !== undefined) {
          id = String(data.entity.id);
          box.close();
          return;
        }
        refuse(form, data, problem);
      } catch {
        problem.textContent = texts.away;
      } finally {
        isSending = false;
        set(form, "aria-busy", null);
        button?.removeAttribute("data-busy");
      }
    });
  });
};

const refuse = (form, { errors = {}, detail = "" }, problem) => {
  let isBeside = false;
  for (const sentence of sentences(form)) {
    const name = sentence.id.slice(attribute(form, "id").length + 1, -"-problem".length);
    const text = Object.hasOwn(errors, name) ? errors[name] : "";
    say(sentence, text);
    isBeside ||= Boolean(text);
  }
  rememberRefusals(form);
  if (!isBeside) problem.textContent = detail;
  form.querySelector("[aria-invalid=true]")?.focus();
};
