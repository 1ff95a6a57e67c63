"use strict";
// A file of its own, because the page allows no inline script.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/v1/openapi.json",
    dom_id: "#swagger",
    deepLinking: true,
    persistAuthorization: false,
    validatorUrl: null, // The public validator would be told of every visit.
    presets: [SwaggerUIBundle.presets.apis],
  });
});
