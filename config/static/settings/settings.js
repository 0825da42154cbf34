// Progressive touches of the settings pages: copying, local times, a guard on the token page.
// Every page works without them.
"use strict";

const announce = (text) => { document.getElementById("announcer").textContent = text; };

function markCopied(button) {
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = "Copied";
  button.classList.add("is-copied");
  announce("Copied to the clipboard");
  document.body.dataset.copied = "true";
  setTimeout(() => { label.textContent = before; button.classList.remove("is-copied"); }, 2000);
}

async function copy(button) {
  const source = button.dataset.copy && document.querySelector(button.dataset.copy);
  const text = source ? (source.value ?? source.textContent).trim() : button.dataset.copyText;
  try {
    await navigator.clipboard.writeText(text);
    markCopied(button);
  } catch { // plain http, where there is no clipboard to write to, or refused
    if (copyOverSelection(text)) return markCopied(button);
    if (source) {
      getSelection().selectAllChildren(source);
      source.select?.();
    }
    announce("Press Ctrl and C to copy");
  }
}

function copyOverSelection(text) {
  const focused = document.activeElement;
  const carrier = document.createElement("textarea");
  carrier.value = text;
  carrier.className = "visually-hidden";
  document.body.append(carrier);
  carrier.select();
  const isCopied = document.execCommand("copy");
  carrier.remove();
  focused?.focus();
  return isCopied;
}

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const link of document.querySelectorAll("[data-download]")) {
  const text = document.querySelector(link.dataset.download).textContent;
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.hidden = false;
  link.addEventListener("click", () => { document.body.dataset.copied = "true"; });
}

for (const time of document.querySelectorAll("time:not([data-zone])")) { // those with it are in the zone one chose
  const moment = new Date(time.dateTime);
  const utc = time.title || time.textContent;
  const local = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  if ("local" in time.dataset) { time.textContent = local; time.title = utc; }
  else time.title = `${local} (${utc})`;
}

if (document.querySelector("[data-confirm-leave]")) {
  addEventListener("beforeunload", (event) => {
    if (document.body.dataset.copied !== "true") event.preventDefault();
  });
  // A page kept by the back button would show the token again.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// On a narrow screen the sections are one row that scrolls: the one that is open is in sight.
document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
for (const part of document.querySelectorAll("[data-without-script]")) part.hidden = true;

// The first thing that is filled in wrongly, where the page itself could not say so.
if (document.title.startsWith("Error: ") && !document.querySelector("[aria-invalid][autofocus]")) {
  const wrong = document.querySelector(".field-bad :is(input, select, textarea):not([type=hidden])");
  const said = document.querySelector("main .notice-bad[role=alert]");
  if (wrong) wrong.focus();
  else if (said) { said.tabIndex = -1; said.focus(); }
}

for (const select of document.querySelectorAll("[data-autosubmit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// One open menu at a time, closed by Escape and by a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.workspace[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.workspace[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
