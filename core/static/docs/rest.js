// Swagger UI over the workspace's own document, in OpenAPI 3.0: it walks the whole of a 3.1 document many times before
// it shows anything, and of a 3.0 document only what is opened (7 s against 1 s of processor time). Requests show a placeholder where the token goes;
// the real one is put in as a request leaves, unless the reader authorised with a key of their own.
"use strict";

const PLACEHOLDER = "YOUR_TOKEN";
const root = document.getElementById("swagger");
const darkness = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", darkness.matches);
darkness.addEventListener("change", followScheme);
followScheme();

// What is hard to take back is asked about: deletions, merges, and changes of every record that matches.
function questionBefore({ method, url }) {
  const path = new URL(url, location.href).pathname;
  if (method === "DELETE") return "This deletes data";
  if (method !== "PATCH") return null;
  if (/^\/rest\/[^/]+\/merge$/.test(path)) return "This merges records into one, for good, in data";
  if (/^\/rest\/(batch\/)?[^/]+$/.test(path)) return "This changes every record that matches, in data";
  return null;
}

// Descriptions are texts of this workspace: shown as they are, never as HTML.
const plainTexts = (system) => ({
  components: {
    Markdown: ({ source }) => (source ? system.React.createElement("div", { className: "plain-text" }, source) : null),
  },
});

async function send(request) {
  if (request.loadSpec) return request;
  const question = questionBefore(request);
  if (question && !confirm(`${question} of ${root.dataset.workspace}. Send it?`)) throw new Error("Not sent");
  if (!request.headers.Authorization || request.headers.Authorization === `Bearer ${PLACEHOLDER}`) {
    request.headers.Authorization = `Bearer ${await playgroundToken()}`;
  }
  return request;
}

// The document is JSON, which Swagger UI would read as YAML.
const readJson = (_, { specActions }) => (text) => specActions.updateJsonSpec(JSON.parse(text));

const ui = SwaggerUIBundle({
  url: root.dataset.document,
  domNode: root,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  plugins: [plainTexts, () => ({ statePlugins: { spec: { wrapActions: { parseToJson: readJson } } } })],
  requestSnippetsEnabled: true,
  showMutatedRequest: false,
  tagsSorter: undefined,
  tryItOutEnabled: true,
  validatorUrl: null,
  requestInterceptor: send,
  onComplete: () => {
    ui.preauthorizeApiKey("bearerAuth", PLACEHOLDER);
    const filter = root.querySelector(".operation-filter-input");
    if (filter) {
      filter.placeholder = "Filter by object, such as people";
      filter.setAttribute("aria-label", "Filter by object");
    }
    root.dataset.ready = "true";
  },
});
