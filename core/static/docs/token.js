// The token a console acts with: fetched when needed, kept in memory only, renewed before it ends.
"use strict";

const RENEW_BEFORE_MS = 5 * 60 * 1000;
let held = null;

async function fetchToken() {
  const answer = await fetch("/settings/docs/token", {
    method: "POST",
    headers: { "X-CSRFToken": document.querySelector("#token-form [name=csrfmiddlewaretoken]").value },
  });
  if (!answer.ok || answer.redirected) throw new Error("You are signed out. Reload the page to sign in.");
  return answer.json();
}

async function playgroundToken() {
  if (!held || Date.parse((await held).expiresAt) - Date.now() < RENEW_BEFORE_MS) {
    held = fetchToken();
    held.catch(() => { held = null; });
  }
  return (await held).token;
}
