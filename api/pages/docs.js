// Swagger UI on our own description; nothing is fetched from elsewhere.

const darkness = matchMedia("(prefers-color-scheme: dark)");

function followDarkness() {
  document.documentElement.classList.toggle("dark-mode", darkness.matches);
}

followDarkness();
darkness.addEventListener("change", followDarkness);

SwaggerUIBundle({
  dom_id: "#docs",
  url: "openapi.yaml",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  queryConfigEnabled: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
