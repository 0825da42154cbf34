// Swagger UI over the workspace's own document. Requests show a placeholder where the token goes;
// the real one is put in as a request leaves, unless the reader authorised with a key of their own.
"use strict";

const PLACEHOLDER = "YOUR_TOKEN";
const root = document.getElementById("swagger");
const darkness = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", darkness.matches);
darkness.addEventListener("change", followScheme);
followScheme();

async function send(request) {
  if (request.loadSpec) return request;
  if (request.method === "DELETE" && !confirm(`This deletes data of ${root.dataset.workspace}. Send it?`)) {
    throw new Error("Not sent");
  }
  if (!request.headers.Authorization || request.headers.Authorization === `Bearer ${PLACEHOLDER}`) {
    request.headers.Authorization = `Bearer ${await playgroundToken()}`;
  }
  return request;
}

const ui = SwaggerUIBundle({
  url: root.dataset.document,
  domNode: root,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
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
