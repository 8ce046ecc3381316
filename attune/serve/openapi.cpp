// The description at /openapi.json (OpenAPI 3.0.3): what each route takes and gives.
#include <cctype>
#include <nlohmann/json.hpp>

#include "attune/serve/routes.h"

namespace attune::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchemas = R"({
  "Texts": {"description": "a text or a list of texts", "oneOf": [
    {"type": "string", "minLength": 1},
    {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}]},
  "Sequences": {"description": "a text, a pair of texts, or a list of lists of one text or two", "oneOf": [
    {"type": "string", "minLength": 1},
    {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
    {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}}}]},
  "Row": {"oneOf": [
    {"type": "string"},
    {"type": "object", "required": ["text"], "additionalProperties": false, "properties": {
      "text": {"type": "string"}, "text_pair": {"type": "string", "nullable": true}}}]},
  "Rows": {"description": "a text, an object of one or two texts, or a list of these", "oneOf": [
    {"$ref": "#/components/schemas/Row"},
    {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Row"}}]},
  "Vector": {"type": "array", "items": {"type": "number", "format": "float"}},
  "EmbedRequest": {"type": "object", "required": ["inputs"], "properties": {
    "inputs": {"$ref": "#/components/schemas/Texts"},
    "normalize": {"type": "boolean", "default": true, "nullable": true, "description": "scale vectors to length 1"},
    "prompt_name": {"type": "string", "nullable": true, "enum": ["query", "passage", "document", null], "description": "put the model's prefix for such texts in front"},
    "truncate": {"type": "boolean", "nullable": true, "description": "cut texts that are too long; else they are refused"},
    "truncation_direction": {"type": "string", "enum": ["Right", "right", null], "nullable": true},
    "dimensions": {"type": "integer", "nullable": true, "description": "must be the model's width"},
    "model": {"type": "string", "nullable": true, "description": "which of the served models; else the first that fits"}}},
  "EmbedResponse": {"type": "array", "items": {"$ref": "#/components/schemas/Vector"}},
  "PredictRequest": {"type": "object", "required": ["inputs"], "properties": {
    "inputs": {"$ref": "#/components/schemas/Sequences"},
    "raw_scores": {"type": "boolean", "default": false, "nullable": true, "description": "logits in place of probabilities"},
    "truncate": {"type": "boolean", "nullable": true},
    "truncation_direction": {"type": "string", "enum": ["Right", "right", null], "nullable": true},
    "model": {"type": "string", "nullable": true}}},
  "Predictions": {"type": "array", "items": {"type": "object", "required": ["score", "label"], "properties": {
    "score": {"type": "number", "format": "float"}, "label": {"type": "string"}}}},
  "PredictResponse": {"oneOf": [
    {"$ref": "#/components/schemas/Predictions"},
    {"type": "array", "items": {"$ref": "#/components/schemas/Predictions"}}]},
  "RerankRequest": {"type": "object", "required": ["query", "texts"], "properties": {
    "query": {"type": "string"},
    "texts": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "raw_scores": {"type": "boolean", "default": false, "nullable": true},
    "return_text": {"type": "boolean", "default": false, "nullable": true},
    "truncate": {"type": "boolean", "nullable": true},
    "truncation_direction": {"type": "string", "enum": ["Right", "right", null], "nullable": true},
    "model": {"type": "string", "nullable": true}}},
  "RerankResponse": {"type": "array", "items": {"type": "object", "required": ["index", "score"], "properties": {
    "index": {"type": "integer", "minimum": 0}, "score": {"type": "number", "format": "float"}, "text": {"type": "string"}}}},
  "EmbeddingsRequest": {"type": "object", "required": ["input"], "properties": {
    "input": {"$ref": "#/components/schemas/Texts"},
    "model": {"type": "string", "nullable": true},
    "encoding_format": {"type": "string", "enum": ["float", "base64", null], "nullable": true},
    "dimensions": {"type": "integer", "nullable": true},
    "user": {"type": "string", "nullable": true}}},
  "EmbeddingsResponse": {"type": "object", "required": ["object", "data", "model", "usage"], "properties": {
    "object": {"type": "string", "enum": ["list"]},
    "data": {"type": "array", "items": {"type": "object", "required": ["object", "index", "embedding"], "properties": {
      "object": {"type": "string", "enum": ["embedding"]}, "index": {"type": "integer", "minimum": 0},
      "embedding": {"oneOf": [{"$ref": "#/components/schemas/Vector"}, {"type": "string", "description": "base64 of little-endian f32"}]}}}},
    "model": {"type": "string"},
    "usage": {"type": "object", "required": ["prompt_tokens", "total_tokens"], "properties": {
      "prompt_tokens": {"type": "integer"}, "total_tokens": {"type": "integer"}}}}},
  "RowsRequest": {"type": "object", "required": ["inputs"], "additionalProperties": false, "properties": {
    "inputs": {"$ref": "#/components/schemas/Rows"},
    "model": {"type": "string", "nullable": true}}},
  "RowsResponse": {"type": "object", "required": ["model", "sha256", "results"], "properties": {
    "model": {"type": "string"}, "sha256": {"type": "string"},
    "results": {"type": "array", "description": "what attune predict prints of each row: label and probabilities; labels; score; entities with their place in characters", "items": {"type": "object", "properties": {
      "label": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}},
      "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
      "score": {"type": "number"},
      "entities": {"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
      "words": {"type": "array", "items": {"$ref": "#/components/schemas/Place"}}}}}}},
  "Place": {"type": "object", "required": ["label", "text", "start", "end"], "properties": {
    "label": {"type": "string"}, "text": {"type": "string"}, "start": {"type": "integer"}, "end": {"type": "integer"}}},
  "Models": {"type": "object", "required": ["object", "data"], "properties": {
    "object": {"type": "string", "enum": ["list"]},
    "data": {"type": "array", "items": {"type": "object", "required": ["id", "object", "created", "owned_by", "task", "sha256"], "properties": {
      "id": {"type": "string"}, "object": {"type": "string"}, "created": {"type": "integer"}, "owned_by": {"type": "string"},
      "task": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}}, "precision": {"type": "string"},
      "max_length": {"type": "integer"}, "pairs": {"type": "boolean", "nullable": true}, "sha256": {"type": "string"}}}}}},
  "Info": {"type": "object", "required": ["model_id", "model_dtype", "model_type", "max_input_length", "max_batch_tokens", "max_client_batch_size", "auto_truncate", "version"], "properties": {
    "model_id": {"type": "string"}, "model_sha": {"type": "string"}, "model_dtype": {"type": "string"}, "model_type": {"type": "object"},
    "max_concurrent_requests": {"type": "integer"}, "max_input_length": {"type": "integer"}, "max_batch_tokens": {"type": "integer"},
    "max_batch_requests": {"type": "integer", "nullable": true}, "max_client_batch_size": {"type": "integer"},
    "auto_truncate": {"type": "boolean"}, "tokenization_workers": {"type": "integer"}, "version": {"type": "string"},
    "sha": {"type": "string", "nullable": true}, "docker_label": {"type": "string", "nullable": true}}},
  "PutModelRequest": {"type": "object", "additionalProperties": false, "properties": {
    "folder": {"type": "string", "nullable": true, "description": "below the server's --model-root; without: the folder that the model was loaded from, again"}}},
  "PutModelResponse": {"type": "object", "required": ["id", "sha256", "task"], "properties": {
    "id": {"type": "string"}, "sha256": {"type": "string"}, "task": {"type": "string"}}},
  "DeleteModelResponse": {"type": "object", "required": ["id", "deleted"], "properties": {
    "id": {"type": "string"}, "deleted": {"type": "boolean"}}},
  "Error": {"oneOf": [
    {"type": "object", "required": ["error", "error_type"], "properties": {"error": {"type": "string"}, "error_type": {"type": "string"}}},
    {"type": "object", "required": ["error"], "properties": {"error": {"type": "object", "required": ["message", "type"], "properties": {
      "message": {"type": "string"}, "type": {"type": "string"}}}}}]}
})";

// As OpenAPI has it, in lower case.
std::string method_of(const Route& route) {
  std::string method = route.method;
  for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return method;
}

Json reference(const char* schema) {
  return {{"$ref", std::string("#/components/schemas/") + schema}};
}

Json content(const std::string& type, Json schema) {
  return {{type, {{"schema", std::move(schema)}}}};
}

Json good_response(const Route& route) {
  const std::string what = route.response;
  Json response{{"description", "OK"}};
  if (what.empty() || what == "text/html" || what == "text/plain")
    response["content"] = content(what.empty() ? "text/plain" : what, {{"type", "string"}});
  else if (what == "application/json")
    response["content"] = content(what, {{"type", "object"}});
  else
    response["content"] = content("application/json", reference(route.response));
  return response;
}

Json operation(const Route& route) {
  Json op{{"summary", route.summary}, {"operationId", method_of(route) + "_" + route.path}};
  if (std::string_view(route.path).ends_with("{name}"))
    op["parameters"] =
        Json::array({{{"name", "name"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}});
  if (*route.request)
    op["requestBody"] = {{"required", true}, {"content", content("application/json", reference(route.request))}};
  op["responses"]["200"] = good_response(route);
  if (route.access != Route::Access::open) op["security"] = Json::array({{{"bearer", Json::array()}}});
  op["responses"]["default"] = {
      {"description",
       "Why there is no answer: 400 no JSON or nothing asked, 401 no token, 404 no such model, "
       "408 too slow, 413 too much, 415 not JSON, 422 JSON of another shape, 424 no model of "
       "that task, 429 the queue is full (Retry-After), 503 no model, 504 waited too long"},
      {"content", content("application/json", reference("Error"))}};
  return op;
}

Json describe() {
  Json document{{"openapi", "3.0.3"},
                {"info",
                 {{"title", "attune serve"},
                  {"version", ATTUNE_VERSION},
                  {"description", "Fine-tuned Transformer encoders as a service"}}}};
  for (const Route& route : route_list()) document["paths"][route.path][method_of(route)] = operation(route);
  document["components"]["schemas"] = Json::parse(kSchemas);
  document["components"]["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  return document;
}

}  // namespace

const std::string& openapi_json() {
  static const std::string kText = describe().dump(2);
  return kText;
}

}  // namespace attune::serve
