// GraphiQL over one of the workspace's GraphQL APIs, with its saved examples.
"use strict";

const options = JSON.parse(document.getElementById("console-options").textContent);
const examples = JSON.parse(document.getElementById("saved-examples").textContent);
const root = document.getElementById("graphiql");

// What is hard to take back is asked about. Texts and comments are left out of what is looked through.
const many = new Set(options.many);
function questionBefore({ query, operationName }) {
  const plain = query.replace(/"""[^]*?"""|"(?:\\.|[^"\\])*"/g, "\"\"").replace(/#.*$/gm, "");
  const operations = plain.split(/(?=\b(?:query|mutation|subscription|fragment)\b[^(:{]*[({])/);
  const run = operations.map((each) => each.trim()).filter((each) => /^fragment\s+\w+\s+on\s+Mutation\b/.test(each)
    || (/^mutation\b/.test(each) && (!operationName || new RegExp(`^mutation\\s+${operationName}\\b`).test(each))));
  const names = run.flatMap((each) => each.match(/[_A-Za-z][_A-Za-z0-9]*/g) ?? []);
  const asked = names.find((name) => /^(delete|destroy|merge)[A-Z]/.test(name) || many.has(name) || /Many[A-Z]?/.test(name));
  return asked ? `${asked} changes or removes data of ${options.workspace}. Send it?` : null;
}

async function fetcher(request, more) {
  const question = questionBefore(request);
  if (question && !confirm(question)) return { errors: [{ message: "Not sent" }] };
  const answer = await fetch(options.url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${await playgroundToken()}`, ...more?.headers },
    body: JSON.stringify(request),
  });
  return answer.json();
}

// What is typed stays with its workspace; headers, which may hold a key, are not kept at all.
const storage = {
  getItem: (key) => localStorage.getItem(`${options.store}:${key}`),
  setItem: (key, value) => localStorage.setItem(`${options.store}:${key}`, value),
  removeItem: (key) => localStorage.removeItem(`${options.store}:${key}`),
  clear: () => {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`${options.store}:`)) localStorage.removeItem(key);
  },
  get length() { return Object.keys(localStorage).filter((key) => key.startsWith(`${options.store}:`)).length; },
};

// The explorer builds a query by ticking fields; the console works without it.
const plugins = window.GraphiQLPluginExplorer ? [GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false })] : [];

const reactRoot = ReactDOM.createRoot(root);
const darkness = matchMedia("(prefers-color-scheme: dark)");

let shown = null;
darkness.addEventListener("change", () => shown && show(...shown));

// Each choice of an example starts the editor anew, in a tab of its own.
function show(example, number) {
  shown = [example, number];
  reactRoot.render(React.createElement(GraphiQL, {
    key: number,
    fetcher,
    storage,
    plugins,
    defaultTheme: darkness.matches ? "dark" : "light",
    forcedTheme: darkness.matches ? "dark" : "light",
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: true,
    query: example?.query,
    variables: example?.variables ?? "",
    response: "",
    defaultEditorToolsVisibility: example?.variables ? "variables" : false,
  }));
}

const group = document.getElementById("examples");
const buttons = examples.map((example, number) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet example-button";
  button.textContent = example.label;
  button.addEventListener("click", () => choose(number));
  group.append(button);
  return button;
});

function choose(number) {
  buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === number)));
  show(examples[number], number);
}

choose(0);

// GraphiQL's editors have no names, and keep Tab for themselves: here Tab goes on, and Esc leaves.
function mendEditors() {
  for (const element of root.querySelectorAll(".CodeMirror")) {
    const editor = element.CodeMirror;
    if (!editor || element.dataset.mended) continue;
    element.dataset.mended = "true";
    const name = element.closest("[aria-label]")?.getAttribute("aria-label") ?? "Editor";
    editor.getInputField().setAttribute("aria-label", name);
    const leave = { Tab: false, "Shift-Tab": false, Esc: (each) => each.getInputField().blur() };
    editor.setOption("extraKeys", { ...editor.getOption("extraKeys"), ...leave });
  }
}
new MutationObserver(mendEditors).observe(root, { childList: true, subtree: true });
mendEditors();

const fullScreen = document.getElementById("full-screen");
fullScreen.addEventListener("click", () => {
  const isFull = document.body.classList.toggle("is-full-screen");
  fullScreen.setAttribute("aria-pressed", String(isFull));
  dispatchEvent(new Event("resize")); // the editors measure themselves anew
});
