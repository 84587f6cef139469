import { schemaRef } from "./document.ts";
import type { Paths } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";

export const SERVICE_PATHS: Paths = {
  "/api/health": {
    get: {
      operationId: "getHealth",
      tags: ["Service"],
      summary: "Whether the process answers, and its agents",
      responses: {
        "200": {
          description: "It does.",
          content: { "application/json": { schema: schemaRef("Health") } },
        },
        ...errorResponses(["internal_error"]),
      },
    },
  },
  "/api/ready": {
    get: {
      operationId: "getReadiness",
      tags: ["Service"],
      summary: "Whether requests should be sent here",
      responses: {
        "200": {
          description: "They should.",
          content: { "application/json": { schema: schemaRef("Readiness") } },
        },
        ...errorResponses(STORE_ERRORS),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "getMetrics",
      tags: ["Service"],
      summary: "Metrics for Prometheus",
      responses: {
        "200": {
          description: "Prometheus' text format.",
          content: { "text/plain": { schema: { type: "string" } } },
        },
        ...errorResponses(["route_not_found", "internal_error"]),
      },
    },
  },
  "/openapi.json": {
    get: {
      operationId: "getOpenapi",
      tags: ["Service"],
      summary: "This document",
      responses: {
        "200": {
          description: "OpenAPI 3.1.",
          content: { "application/json": { schema: { type: "object" } } },
        },
        ...errorResponses(["internal_error"]),
      },
    },
  },
};
